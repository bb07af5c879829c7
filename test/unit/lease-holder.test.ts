import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import { describe, expect, it } from "vitest";
import {
  holderOf,
  holderOfThisProcess,
  isHolderGone,
} from "../../provider/resources/virtual-machine/lease-holder.js";

describe("the holder of a lease", () => {
  it("is named by machine and process", () => {
    expect(holderOfThisProcess().startsWith(`${hostname()}/${process.pid}/`)).toBe(true);
  });

  it("is gone once its process has ended, and not before", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    await once(child, "spawn");
    const holder = holderOf(child.pid ?? 0);
    expect(isHolderGone(holder)).toBe(false);
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    expect(isHolderGone(holder)).toBe(true);
  });

  it("is gone when another process has its id now", () => {
    const [host, pid, proof = ""] = holderOfThisProcess().split("/");
    const earlier = `${host}/${pid}/${proof.replace(/\d+$/, "1")}`;
    expect(isHolderGone(earlier)).toBe(true);
    expect(isHolderGone(holderOfThisProcess())).toBe(false);
  });

  it("isn't called gone when it can't be told: another machine, another boot, another namespace, no proof", () => {
    const proof = holderOfThisProcess().split("/")[2] ?? "";
    for (const holder of [
      "elsewhere/1",
      `${hostname()}/4194304`,
      `${hostname()}/4194304/${proof.replace(/^.{8}/, "00000000")}`,
      `${hostname()}/4194304/${proof.replace(/\.\d+@/, ".1@")}`,
      `${hostname()}/nobody/${proof}`,
      "",
    ])
      expect(isHolderGone(holder)).toBe(false);
    expect(isHolderGone(`${hostname()}/4194304/${proof}`)).toBe(true);
  });
});

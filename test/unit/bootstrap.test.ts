import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { bootstrapCommand, readBootstrap } from "../../provider/fitness/bootstrap.js";
import { bootstrapSettings } from "../../provider/fitness/bootstrap-settings.js";
import { wellHost } from "./fitness-facts.js";

const settings = (given: object = {}) => bootstrapSettings("one", { firmware: true, tpm: true, ...given });

describe("the command that makes a host fit", () => {
  it("is POSIX sh", () => {
    const { stdin } = bootstrapCommand(settings());
    for (const [program, ...options] of [["dash"], ["bash", "--posix"]]) {
      const { status, stderr } = spawnSync(program as string, [...options, "-n"], {
        input: stdin,
        encoding: "utf8",
      });
      expect([status, stderr]).toEqual([0, ""]);
    }
  });

  it("has its settings as words, whatever they hold", () => {
    const pool = { name: "a b'; reboot #", path: "/x $(reboot)" };
    const { create } = bootstrapCommand({
      pool,
      bridge: { name: "br0", port: "eth1" },
      firmware: true,
      tpm: false,
    });
    // Instead of a shell that reads a script its words are printed.
    const words = create.replace(/^sh -c '.*?' sh /, "printf '%s\\n' ");
    expect(spawnSync("sh", ["-c", words], { encoding: "utf8" }).stdout.trim().split("\n")).toEqual([
      ...["pool=a b'; reboot #", "pool-path=/x $(reboot)", "bridge=br0", "bridge-port=eth1"],
      ...["firmware=yes", "tpm=no"],
    ]);
  });

  it("has a pool unless there is to be none", () => {
    expect(settings().pool).toEqual({ name: "default", path: "/var/lib/libvirt/images" });
    expect(settings({ pool: { path: "/srv/vms", name: undefined } }).pool).toEqual({
      name: "default",
      path: "/srv/vms",
    });
    expect(settings({ pool: false }).pool).toBeUndefined();
  });

  it("is refused with all that is wrong", () => {
    const wrong = {
      pool: { path: "images" },
      bridge: { name: "a-name-that-is-too-long" },
      member: "a b",
      tpm: "yes",
    };
    expect(() => settings(wrong)).toThrow(
      /^HostBootstrap one: member: must be the name of a user; pool\.path: must begin with "\/"; bridge\.name: name must be up to 15 .*; tpm: must be true or false$/,
    );
  });
});

describe("what it has printed", () => {
  it("is read: changes, notes, and findings as kvm doctor has them", () => {
    const text = `change=installed ovmf\nnote=no KVM\nchanges=1\npulumi-kvm facts\n${wellHost}`;
    expect(readBootstrap("one", text)).toMatchObject({
      ...{ changes: ["installed ovmf"], notes: ["no KVM"], fit: true },
      distribution: "Debian GNU/Linux 12 (bookworm)",
    });
    const poor = readBootstrap("one", text.replace("kvm.device=usable", "kvm.device=absent"));
    expect(poor.fit).toBe(false);
    expect(poor.findings.filter(({ level }) => level === "problem")).toMatchObject([{ id: "kvm/one" }]);
  });
});

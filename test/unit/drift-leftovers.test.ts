import { describe, expect, it } from "vitest";
import type { HostContents } from "../../cli/drift/host-contents.js";
import { leftovers } from "../../cli/drift/leftovers.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import { identityUuid } from "../../provider/planning/owner.js";
import { resourceNamed } from "./drift-surveys.js";

const hostUuid = "0d7ad7a0-3f4b-4a55-9d5e-6f1d6a2a5b11";
const type = "pulumi-nodejs:dynamic/kvm:StoragePool";

function hostWithPools(...uuids: string[]): { name: string; contents: HostContents } {
  const pools = uuids.map((uuid, i) => ({
    ...{ name: `pool${i}`, uuid, active: false },
    ...{ capacityBytes: 0, availableBytes: 0, marks: [] },
  }));
  const facts = { uuid: hostUuid } as HostContents["facts"];
  return { name: "alpha", contents: { facts, domains: [], networks: [], pools } };
}

describe("pools that are left", () => {
  const uuidOf = (name: string) => identityUuid({ project: "shop", stack: "prod", type, name }, hostUuid);
  const recorded = {
    ...resourceNamed("recorded", "StoragePool"),
    outputs: { uuids: { alpha: uuidOf("before its renaming") } },
  };
  const started = resourceNamed("started", "StoragePool");
  const found = (unmanaged: boolean) =>
    leftovers(
      [
        hostWithPools(
          uuidOf("before its renaming"),
          uuidOf("started"),
          uuidOf("forgotten"),
          "7c0f5a3e-8b4d-4c55-9d5e-6f1d6a2a5b11",
        ),
      ],
      [recorded, started],
      { unmanaged },
    ).map(({ kind, object }) => [kind, object]);

  it("are orphans where this package made them and no state has them, nor a run that was cut off", () => {
    expect(found(false)).toEqual([["orphan", "storage pool pool2"]]);
  });

  it("are nobody's where others made them", () => {
    expect(found(true)).toEqual([
      ["orphan", "storage pool pool2"],
      ["unmanaged", "storage pool pool3"],
    ]);
  });
});

describe("a VM that is on two hosts", () => {
  it("is one too many there, unless a move of it was cut off", () => {
    const web = resourceNamed("web");
    const owner = { project: "shop", stack: "prod", name: "web", nonce: "1" };
    const on = (name: string) => {
      const domains = [{ name: "web", uuid: web.id, owner }] as unknown as HostContents["domains"];
      const facts = { uuid: name } as HostContents["facts"];
      return { name, contents: { facts, domains, networks: [], pools: [] } };
    };
    const found = (moving: string[]) =>
      leftovers([on("alpha"), on("beta")], [web], { unmanaged: false, moving: new Set(moving) });
    expect(found([])).toMatchObject([{ kind: "orphan", host: "beta", object: "domain web" }]);
    expect(found([web.urn])).toEqual([]);
  });
});

describe("the hosts of several stacks", () => {
  it("are reached over one connection each, though each stack has its own", () => {
    const hosts = new Hosts({ warn: () => undefined, now: () => 0 });
    const ref = { name: "alpha", connection: { address: "alpha.example.net" }, credentials: {} };
    const [one, other] = [hosts.ofAnotherStack(), hosts.ofAnotherStack()];
    one.declare(ref, { byProgram: false });
    expect(other.get({ ...ref, name: "a" })).toBe(one.get(ref));
    expect(other.declared()).toEqual([]);
  });
});

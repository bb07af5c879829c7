import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PoolModel } from "../../provider/libvirt/xml/index.js";
import { identityHash, identityOfUrn, identityUuid } from "../../provider/planning/owner.js";
import { needsAnotherLook, type Step } from "../../provider/planning/step.js";
import { disk } from "../../provider/resources/disk/index.js";
import { type ObservedDisk, whereItIs } from "../../provider/resources/disk/observed.js";
import { type DiskPlace, type DiskRequest, isAt } from "../../provider/resources/disk/place.js";
import { plan as planDisk } from "../../provider/resources/disk/plan.js";
import type { Inputs as DiskInputs, Outputs as DiskOutputs } from "../../provider/resources/disk/schema.js";
import { declaredModel, desiredSource } from "../../provider/resources/storage-pool/desired.js";
import type {
  FormerPlace,
  ObservedPool,
  ObservedPools,
  PoolPlace,
  PoolRequest,
} from "../../provider/resources/storage-pool/observe.js";
import { plan as planPool } from "../../provider/resources/storage-pool/plan.js";
import type { Inputs as PoolInputs } from "../../provider/resources/storage-pool/schema.js";
import { runs } from "../support/runs.js";

const MIB = 2 ** 20;
const RUNS = runs(500);
const HOSTS = ["alpha", "beta"] as const;
type HostName = (typeof HOSTS)[number];
const nonce = "0123456789abcdef";
const chosen = { uuid: "859f4a66-5bc3-4859-b253-b6f68a3452ae", nonce };
const empty = { steps: [], refusals: [], replaceBecause: [], warnings: [] };
const refTo = (name: string) => ({ name, connection: { address: `${name}.invalid` }, credentials: {} });

const diskUrn = "urn:pulumi:dev::shop::Disk::data";
const diskIdentity = identityOfUrn(diskUrn) ?? expect.fail("no URN");
const ownMark = { identityHash: identityHash(diskIdentity), nonce, volume: "data" };
const foreignMark = { identityHash: "ffffffffffffffff", nonce: "ffffffffffffffff", volume: "data" };

const diskInputs: fc.Arbitrary<DiskInputs> = fc
  .record({
    host: fc.constantFrom(...HOSTS),
    size: fc.constantFrom(64 * MIB, 96 * MIB, 128 * MIB),
    format: fc.constantFrom("qcow2" as const, "raw" as const),
    adopt: fc.boolean(),
  })
  .map((made) => ({
    ...{ pulumiUrn: diskUrn, name: "data", pool: "images", ...made },
    connection: refTo(made.host).connection,
  }));

/** What is on a host: a volume of the name, whose it is, and who uses it. */
const diskPlace = (name: HostName): fc.Arbitrary<DiskPlace> =>
  fc
    .record({
      poolState: fc.constantFrom(
        "running" as const,
        "running" as const,
        "stopped" as const,
        "absent" as const,
      ),
      volume: fc.option(
        fc.record({
          capacityBytes: fc.constantFrom(64 * MIB, 96 * MIB),
          format: fc.constantFrom("qcow2", "raw"),
        }),
        { nil: undefined },
      ),
      mark: fc.option(fc.constant(ownMark), { nil: undefined }),
      foreignMarks: fc.subarray([foreignMark]),
      users: fc.subarray([
        {
          uuid: "g",
          name: "web",
          target: "vda",
          depth: 0,
          running: true,
          readonly: false,
          hasSnapshots: false,
          defined: true,
          mirror: undefined,
        },
      ]),
      unfinished: fc.option(fc.constant(ownMark), { nil: undefined }),
    })
    .map(({ volume, mark, foreignMarks, users, poolState, unfinished }) => {
      const readable = poolState === "running";
      const seen = readable ? volume : undefined;
      return {
        ...{ ref: refTo(name), hostUuid: name, pool: "images", name: "data", poolState, folder: "/images" },
        volume:
          seen === undefined
            ? undefined
            : { path: "/images/data", key: "/images/data", allocationBytes: 0, ...seen },
        availableBytes: 2 ** 40,
        // Half a copy, from which no guest runs.
        unfinished: readable && mark === undefined && users.length === 0 ? unfinished : undefined,
        leaving: undefined,
        mark: readable ? mark : undefined,
        foreignMarks: readable && mark === undefined ? foreignMarks : [],
        users: seen === undefined ? [] : users,
      };
    });

type DiskWorld = Record<HostName, DiskPlace>;
const diskWorlds = fc.record({
  inputs: diskInputs,
  previous: fc.option(diskInputs, { nil: undefined }),
  world: fc.record({ alpha: diskPlace("alpha"), beta: diskPlace("beta") }),
});

/** A new disk is looked for at home only, one that is there also where it was before, one that isn't on both hosts. */
function observeDisk(world: DiskWorld, { inputs, previous, recorded }: DiskRequest): ObservedDisk {
  const target = world[inputs.host as HostName];
  const other = world[inputs.host === "alpha" ? "beta" : "alpha"];
  const before = [previous?.host, recorded?.outputs.formerly?.host];
  const isLookedAt = previous !== undefined && (!isAt(target) || before.includes(other.ref.name));
  const found = isLookedAt && (isAt(other) || (!isAt(target) && other.poolState === "stopped"));
  return { target, elsewhere: found ? other : undefined, layers: [] };
}

function applyToDisk(world: DiskWorld, step: Step, request: DiskRequest): DiskWorld {
  const change = (host: string, more: Partial<DiskPlace>): DiskWorld => ({
    ...world,
    [host]: { ...world[host as HostName], ...more },
  });
  const { inputs } = request;
  const place = whereItIs(observeDisk(world, request)) ?? world[inputs.host as HostName];
  switch (step.kind) {
    case "createVolume": {
      const { sizeBytes: capacityBytes, format } = step;
      const volume = { path: "/images/data", key: "/images/data", capacityBytes, format, allocationBytes: 0 };
      return change(step.host, { volume, mark: ownMark, unfinished: undefined });
    }
    case "moveVolume": {
      const { volume } = place;
      const moved = change(step.to.host, { volume, mark: ownMark, unfinished: undefined });
      const { name } = place.ref;
      return { ...moved, [name]: { ...moved[name as HostName], volume: undefined, mark: undefined } };
    }
    case "adopt":
      return change(step.host, { mark: ownMark, foreignMarks: [] });
    case "growVolume":
      if (place.volume === undefined) throw new Error("grows what isn't there");
      return change(step.host, { volume: { ...place.volume, capacityBytes: step.toBytes } });
    default:
      throw new Error(`not a step of this world: ${step.kind}`);
  }
}

describe("plans of disks", () => {
  it("are empty once they are applied, or refuse", () => {
    fc.assert(
      fc.property(diskWorlds, ({ inputs, previous, world }) => {
        const recorded = previous && { id: "images/data", outputs: { nonce } as DiskOutputs };
        const request: DiskRequest = { identity: diskIdentity, inputs, previous, recorded, chosen };
        const first = planDisk(request, observeDisk(world, request));
        if (first.refusals.length > 0 || first.replaceBecause.length > 0) return;
        let now = world;
        for (let plan = first; plan.steps.length > 0; plan = planDisk(request, observeDisk(now, request))) {
          expect(plan.refusals).toEqual([]);
          for (const [i, step] of plan.steps.entries()) {
            now = applyToDisk(now, step, request);
            if (needsAnotherLook(step, plan.steps[i + 1])) break;
          }
        }
        expect(planDisk(request, observeDisk(now, request))).toEqual(empty);
        const at = whereItIs(observeDisk(now, request));
        expect(at?.volume).toMatchObject({ capacityBytes: inputs.size });
        // The next preview has at most to say that the machine is yet to bring the disk along.
        const outputs = disk.outputs(
          request,
          observeDisk(now, request),
          {},
          undefined as never,
        ) as DiskOutputs;
        const next: DiskRequest = { ...request, previous: inputs, recorded: { id: "images/data", outputs } };
        const { chosen: _, ...preview } = next;
        const { steps, refusals } = planDisk(preview, observeDisk(now, preview));
        const isHome = at === now[inputs.host as HostName];
        expect(steps.map(({ kind }) => kind)).toEqual(isHome ? [] : ["volumeMovesWithMachine"]);
        expect(refusals).toEqual([]);
      }),
      { numRuns: RUNS },
    );
  });

  it("make no second disk, cut none short and touch nobody else's", () => {
    fc.assert(
      fc.property(diskWorlds, fc.boolean(), ({ inputs, previous, world }, isPreview) => {
        const recorded = previous && { id: "images/data", outputs: { nonce } as DiskOutputs };
        const request: DiskRequest = {
          ...{ identity: diskIdentity, inputs, previous, recorded },
          ...(isPreview ? {} : { chosen }),
        };
        const observed = observeDisk(world, request);
        const { steps, refusals, replaceBecause } = planDisk(request, observed);
        if (refusals.length > 0 || replaceBecause.length > 0) return;
        const { target, elsewhere } = observed;
        const creates = steps.some(({ kind }) => kind === "createVolume");
        const isFirstPreview = isPreview && previous === undefined;
        if (creates && !isFirstPreview) {
          // Nothing but what a copy that was cut off has left.
          expect(target.volume === undefined || target.unfinished !== undefined).toBe(true);
          expect(target.poolState).toBe("running");
          expect(elsewhere).toBeUndefined();
        }
        for (const step of steps)
          if (step.kind === "growVolume") expect(step.toBytes).toBeGreaterThan(step.fromBytes);
        const isOwn = target.mark !== undefined || target.unfinished !== undefined;
        if (target.volume !== undefined && !isOwn)
          expect([inputs.adopt, target.volume.format]).toEqual([true, inputs.format]);
      }),
      { numRuns: RUNS },
    );
  });
});

const poolUrn = "urn:pulumi:dev::shop::StoragePool::images";
const poolIdentity = identityOfUrn(poolUrn) ?? expect.fail("no URN");

/** What a pool may be declared to stand on. */
const standings: Pick<PoolInputs, "type" | "path" | "source">[] = [
  { type: "dir", path: "/images" },
  { type: "dir", path: "/images" },
  { type: "netfs", path: "/images", source: { host: "nfs1", dir: "/export" } },
  { type: "netfs", path: "/images", source: { hosts: ["nfs2"], dir: "/export", format: "nfs" } },
  { type: "logical", source: { name: "vg0" } },
  { type: "rbd", source: { name: "rbd", host: "mon1", auth: { username: "a", secret: { usage: "ceph" } } } },
  { type: "rbd", source: { name: "rbd", hosts: ["mon1", { name: "mon2", port: 6789 }] } },
];
/** What libvirt makes of a definition. */
const completed = (model: PoolModel): Pick<ObservedPool, "type" | "path" | "source"> => ({
  type: model.type,
  path: model.path,
  source:
    model.type === "netfs"
      ? { format: "auto", ...model.source }
      : model.type === "logical"
        ? { format: "lvm2", ...model.source }
        : model.source,
});

const poolInputs: fc.Arbitrary<PoolInputs> = fc
  .record({
    standing: fc.constantFrom(...standings),
    hosts: fc.subarray([...HOSTS], { minLength: 1 }),
    autostart: fc.boolean(),
    adopt: fc.boolean(),
    forceDestroy: fc.boolean(),
  })
  .map(({ hosts, standing, ...made }) => ({
    ...{ pulumiUrn: poolUrn, name: "images", ...standing, ...made },
    hosts: Object.fromEntries(hosts.map((host) => [host, refTo(host).connection])),
  }));

const uuidOn = (host: HostName) => identityUuid(poolIdentity, host);
const foreignUuid = "b8dd2be6-68b2-4a5c-8e3a-d0d3c7a1a001";

interface PoolWorld {
  pool: ObservedPool | undefined;
  neighbour: ObservedPool | undefined;
  onlyThere: string[];
  machines: string[];
}
const poolOn = (host: HostName): fc.Arbitrary<PoolWorld> =>
  fc.record({
    pool: fc.option(
      fc
        .record({
          uuid: fc.constantFrom(uuidOn(host), uuidOn(host), foreignUuid),
          standing: fc.constantFrom(...standings, { type: "dir" as const, path: "/elsewhere" }),
          active: fc.boolean(),
          persistent: fc.boolean(),
          autostart: fc.boolean(),
        })
        // libvirt forgets a pool without a definition when it stops, and can't start one with its host.
        .map(({ active, persistent, autostart, standing, ...made }) => ({
          ...completed(declaredModel({ name: "images", ...standing } as PoolInputs)),
          ...{ name: "images", capacityBytes: 10, availableBytes: 5, ...made, persistent },
          ...{ active: active || !persistent, autostart: autostart && persistent },
        })),
      { nil: undefined },
    ),
    neighbour: fc.option(
      fc.constant<ObservedPool>({
        ...{ name: "other", uuid: "n", type: "dir", path: "/images", active: true, autostart: true },
        ...{ persistent: true, capacityBytes: 10, availableBytes: 5 },
      }),
      { nil: undefined, freq: 8 },
    ),
    onlyThere: fc.subarray(["data"]),
    machines: fc.subarray(["web"]),
  });
type PoolWorlds = Record<HostName, PoolWorld>;

function observePools(
  world: PoolWorlds,
  { inputs, previous }: PoolRequest,
  adopted: Set<string>,
): ObservedPools {
  const look = (host: HostName): PoolPlace => {
    const { pool, neighbour, machines } = world[host];
    const isMine = pool !== undefined && (pool.uuid === uuidOn(host) || adopted.has(pool.uuid));
    return {
      ...{ ref: refTo(host), hostUuid: host, uuid: uuidOn(host), neighbour, machines },
      ...{ mine: isMine ? pool : undefined, namesake: isMine ? undefined : pool, formerNames: [] },
    };
  };
  const former = HOSTS.filter((host) => host in (previous?.hosts ?? {}) && !(host in inputs.hosts));
  return {
    places: HOSTS.filter((host) => host in inputs.hosts).map(look),
    former: former.flatMap((host): FormerPlace[] => {
      const { mine } = look(host);
      return mine === undefined ? [] : [{ ref: refTo(host), mine, onlyThere: world[host].onlyThere }];
    }),
  };
}

function applyToPool(world: PoolWorlds, step: Step, { inputs, previous }: PoolRequest): PoolWorlds {
  const change = (host: string, pool: ObservedPool | undefined): PoolWorlds => ({
    ...world,
    [host]: { ...world[host as HostName], pool },
  });
  if (!("host" in step)) throw new Error(`not a step of this world: ${step.kind}`);
  const { pool } = world[step.host as HostName];
  switch (step.kind) {
    case "definePool":
      return change(step.host, {
        ...{ name: inputs.name, ...completed(declaredModel(inputs)), capacityBytes: 10, availableBytes: 5 },
        ...{ uuid: pool?.uuid ?? uuidOn(step.host as HostName), active: true, persistent: true },
        autostart: inputs.autostart ?? true,
      });
    case "startPool":
      return change(step.host, pool && { ...pool, active: true });
    case "changePool":
      // Running guests have their disks in a pool that isn't to stop.
      expect(pool?.active === true ? world[step.host as HostName].machines : []).toEqual([]);
      return change(
        step.host,
        pool && { ...pool, source: desiredSource(inputs, previous, pool.source), active: true },
      );
    case "setPoolAutostart":
      return change(step.host, pool && { ...pool, autostart: step.to });
    case "releasePool":
      return change(step.host, undefined);
    default:
      throw new Error(`not a step of this world: ${step.kind}`);
  }
}

describe("plans of storage pools", () => {
  it("are empty once they are applied, or refuse; what they leave is as declared", () => {
    const worlds = fc.record({
      inputs: poolInputs,
      previous: fc.option(poolInputs, { nil: undefined }),
      world: fc.record({ alpha: poolOn("alpha"), beta: poolOn("beta") }),
    });
    fc.assert(
      fc.property(worlds, ({ inputs, previous, world }) => {
        const request: PoolRequest = { identity: poolIdentity, inputs, previous, chosen };
        const first = planPool(request, observePools(world, request, new Set()));
        if (first.refusals.length > 0 || first.replaceBecause.length > 0) return;
        let now = world;
        for (const step of first.steps) now = applyToPool(now, step, request);
        expect(planPool(request, observePools(now, request, new Set()))).toEqual(empty);
        for (const host of HOSTS) {
          const { pool } = now[host];
          if (host in inputs.hosts) {
            expect(pool).toMatchObject({ type: inputs.type, active: true, persistent: true });
            const { path, source } = declaredModel(inputs);
            expect(pool?.path).toBe(path);
            if (source !== undefined) expect(pool?.source).toMatchObject(source);
            expect(pool?.autostart).toBe(inputs.autostart);
            if (pool?.uuid === foreignUuid) expect(inputs.adopt).toBe(true);
            if (world[host].pool !== undefined) expect(pool?.uuid).toBe(world[host].pool?.uuid);
          } else if (previous !== undefined && host in previous.hosts && pool !== undefined)
            expect(pool).toEqual(world[host].pool);
          if (first.steps.some((step) => step.kind === "releasePool" && step.host === host))
            expect(world[host].onlyThere.length === 0 || inputs.forceDestroy).toBe(true);
        }
        const { chosen: _, ...preview } = { ...request, previous: inputs };
        expect(planPool(preview, observePools(now, preview, new Set([foreignUuid])))).toEqual(empty);
      }),
      { numRuns: RUNS },
    );
  });
});

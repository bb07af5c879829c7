import type { HostFacts } from "../../provider/hosts/facts.js";
import type { Host } from "../../provider/hosts/host.js";
import { ANSWERS_WITHIN_MS } from "../../provider/hosts/patience.js";
import type { VolumeMark } from "../../provider/hosts/volume-mark.js";
import type { OwnerMark } from "../../provider/libvirt/xml/index.js";

/** A domain or network, as far as whose it is. */
export interface ForeignCandidate {
  name: string;
  uuid: string;
  owner: OwnerMark | undefined;
}

/** A pool with what is marked in it. */
export interface PoolContentsOnHost {
  name: string;
  uuid: string;
  active: boolean;
  capacityBytes: number;
  availableBytes: number;
  marks: VolumeMark[];
}

/** All that there is on one host, whoever made it. */
export interface HostContents {
  facts: HostFacts;
  domains: ForeignCandidate[];
  networks: ForeignCandidate[];
  pools: PoolContentsOnHost[];
}

/** Reads everything at once over the host's one connection; the resources' own looks find it read. */
export async function readHost(
  host: Host,
  pools: "all" | ReadonlySet<string>,
  answersWithinMs = ANSWERS_WITHIN_MS,
): Promise<HostContents> {
  const { observations } = host;
  const [facts, domains, networks, contents] = await Promise.all([
    observations.facts(),
    observations.domains(),
    observations.networks(),
    rescan(host, pools, answersWithinMs).then(() => readPools(host)),
  ]);
  // Not loaded before a host is asked, which it has nothing to do with.
  const [{ ownerOf }, { readOwnerMark }] = await Promise.all([
    import("../../provider/resources/virtual-machine/record-owner.js"),
    import("../../provider/libvirt/xml/index.js"),
  ]);
  return {
    facts,
    domains: domains.map((record) => ({ name: record.name, uuid: record.uuid, owner: ownerOf(record) })),
    networks: networks.map(({ name, uuid, xml }) => ({ name, uuid, owner: readOwnerMark(xml) })),
    pools: contents,
  };
}

async function readPools({ observations }: Host): Promise<PoolContentsOnHost[]> {
  return await Promise.all(
    (await observations.pools()).map(async ({ name, uuid, active, capacityBytes, availableBytes }) => {
      const marks = active ? (await observations.marks(name)).marks : [];
      return { name, uuid, active, capacityBytes, availableBytes, marks };
    }),
  );
}

/** libvirt doesn't see by itself what was deleted, or has grown, behind its back. */
async function rescan(
  host: Host,
  wantedPools: "all" | ReadonlySet<string>,
  answersWithinMs: number,
): Promise<void> {
  if (wantedPools !== "all" && wantedPools.size === 0) return;
  const records = await host.observations.pools();
  const wanted = records.filter(
    ({ name, active }) => active && (wantedPools === "all" || wantedPools.has(name)),
  );
  // One that is busy, or whose storage is gone, is looked at as libvirt last saw it. Over one that hangs, and that libvirt then doesn't even name any more,
  // the host is given up, before this deadline.
  const timeoutMs = 2 * answersWithinMs;
  await Promise.all(
    wanted.map(({ uuid }) =>
      host.idempotent(({ pools }) => pools.refresh(uuid, { timeoutMs })).catch(() => undefined),
    ),
  );
  await Promise.all(wanted.map(({ name }) => host.observations.refreshPool(name)));
  // A VM of another host may have been looked for here meanwhile.
  for (const { name } of wanted) host.observations.dropContents(name);
}

import type { HostFacts } from "../../provider/hosts/facts.js";
import type { Host } from "../../provider/hosts/host.js";
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

/** A pool that doesn't answer must not hold up the others. */
const POOL_ANSWERS_WITHIN_MS = 60_000;

/** Reads everything at once over the host's one connection; the resources' own looks find it read. */
export async function readHost(host: Host, pools: "all" | ReadonlySet<string>): Promise<HostContents> {
  const { observations } = host;
  const [facts, domains, networks, contents] = await Promise.all([
    observations.facts(),
    observations.domains(),
    observations.networks(),
    rescan(host, pools).then(() => readPools(host)),
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
async function rescan(host: Host, pools: "all" | ReadonlySet<string>): Promise<void> {
  if (pools !== "all" && pools.size === 0) return;
  const records = await host.observations.pools();
  const wanted = records.filter(({ name, active }) => active && (pools === "all" || pools.has(name)));
  const libvirt = await host.libvirt();
  // One that is busy, or whose storage is gone, is looked at as libvirt last saw it.
  await Promise.all(
    wanted.map(({ uuid }) =>
      libvirt.pools.refresh(uuid, { timeoutMs: POOL_ANSWERS_WITHIN_MS }).catch(() => undefined),
    ),
  );
  await Promise.all(wanted.map(({ name }) => host.observations.refreshPool(name)));
  // A VM of another host may have been looked for here meanwhile.
  for (const { name } of wanted) host.observations.dropContents(name);
}

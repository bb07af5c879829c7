import { isRetained, ownMarks } from "./disks.js";
import { type ObservedHost, type ObservedMachine, whereItIs } from "./observed.js";
import type { MachineRequest } from "./request.js";

/** The hosts as they are once the VM on record is gone, with the disks that go with it. */
export function asRemoved(request: MachineRequest, observed: ObservedMachine): ObservedMachine {
  const isOwn = ownMarks(request, whereItIs(observed)?.domain);
  return { ...observed, target: without(request, observed.target, isOwn), elsewhere: undefined };
}

function without(
  { inputs }: MachineRequest,
  host: ObservedHost,
  isOwn: ReturnType<typeof ownMarks>,
): ObservedHost {
  const left = [...(host.left ?? [])];
  const pools = host.pools.map((pool) => {
    const { marks, volumes } = pool.contents;
    const own = new Set(marks.filter(isOwn).map(({ volume }) => volume));
    const stays = (volume: string) => !own.has(volume) || isRetained(inputs, { pool: pool.name, volume });
    for (const volume of own) if (stays(volume)) left.push({ pool: pool.name, volume });
    const contents = {
      ...pool.contents,
      volumes: volumes.filter(({ name }) => stays(name)),
      marks: marks.filter(({ volume }) => !own.has(volume)),
    };
    return { ...pool, contents };
  });
  return { ...host, domain: undefined, pools, left };
}

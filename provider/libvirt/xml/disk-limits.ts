import type { Element } from "@xmldom/xmldom";
import {
  childElement,
  childElements,
  childText,
  ensureChild,
  removeElement,
  type Sketch,
  setChildText,
  sketch,
} from "./element.js";
import { parseCount } from "./value.js";

const kinds = {
  bytesPerSecond: "total_bytes_sec",
  readBytesPerSecond: "read_bytes_sec",
  writeBytesPerSecond: "write_bytes_sec",
  iops: "total_iops_sec",
  readIops: "read_iops_sec",
  writeIops: "write_iops_sec",
} as const;

/** What can be limited. */
export type DiskLimitKind = keyof typeof kinds;
export const diskLimitKinds = Object.keys(kinds) as DiskLimitKind[];

/** Amounts by kind; none is 0, which to libvirt means that there is no limit. */
type Amounts = Partial<Record<DiskLimitKind, number>>;

/** What a disk may do in a second: as a rule, in a burst, and for how long a burst may last. */
export interface DiskLimits {
  steady: Amounts;
  burst?: Amounts;
  burstSeconds?: Amounts;
  /** A request larger than this counts as several. */
  iopsSizeBytes?: number;
}

const IOPS_SIZE = "size_iops_sec";

/** Every limit by libvirt's name of it, in documents as in calls; 0 where there is none. */
export function limitValues(limits: DiskLimits | undefined): Record<string, number> {
  return Object.fromEntries([
    ...diskLimitKinds.flatMap((kind) => [
      [kinds[kind], limits?.steady[kind] ?? 0],
      [`${kinds[kind]}_max`, limits?.burst?.[kind] ?? 0],
      [`${kinds[kind]}_max_length`, limits?.burstSeconds?.[kind] ?? 0],
    ]),
    [IOPS_SIZE, limits?.iopsSizeBytes ?? 0],
  ]);
}

/** The limits of a `<disk>`; undefined: none. */
export function readLimits(disk: Element): DiskLimits | undefined {
  const iotune = childElement(disk, "iotune");
  const read = (name: string) => parseCount(childText(iotune, name)) || undefined;
  const amounts = (suffix: string): Amounts | undefined => {
    const found = diskLimitKinds.flatMap((kind) => {
      const value = read(kinds[kind] + suffix);
      return value === undefined ? [] : [[kind, value]];
    });
    return found.length === 0 ? undefined : Object.fromEntries(found);
  };
  const steady = amounts("");
  const burst = amounts("_max");
  const burstSeconds = amounts("_max_length");
  const iopsSizeBytes = read(IOPS_SIZE);
  if ([steady, burst, burstSeconds, iopsSizeBytes].every((part) => part === undefined)) return undefined;
  return {
    steady: steady ?? {},
    ...(burst === undefined ? {} : { burst }),
    ...(burstSeconds === undefined ? {} : { burstSeconds }),
    ...(iopsSizeBytes === undefined ? {} : { iopsSizeBytes }),
  };
}

/** The `<iotune>` of limits. */
export function sketchLimits(limits: DiskLimits): Sketch {
  return sketch(
    "iotune",
    {},
    Object.entries(limitValues(limits)).map(([name, value]) =>
      value === 0 ? undefined : sketch(name, {}, String(value)),
    ),
  );
}

/** Sets the limits of a `<disk>`; what else stands in its `<iotune>`, the name of a group, stays. */
export function patchLimits(disk: Element, limits: DiskLimits | undefined): void {
  const iotune = ensureChild(disk, "iotune");
  for (const [name, value] of Object.entries(limitValues(limits)))
    setChildText(iotune, name, value === 0 ? undefined : String(value));
  if (childElements(iotune).length === 0) removeElement(iotune);
}

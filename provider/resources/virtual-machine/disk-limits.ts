import { z } from "zod";
import { type DiskLimitKind, type DiskLimits, diskLimitKinds } from "../../libvirt/xml/index.js";
import { size, wholeNumber } from "../inputs.js";
import { problemIf, type Rule } from "../rules.js";

const MOST_BYTES = 10 ** 15;
const bytes = () => size({ granularityBytes: 1, leastBytes: 1, mostBytes: MOST_BYTES }).optional();
const iops = () => wholeNumber(1, 10 ** 9).optional();

const amounts = {
  bytesPerSecond: bytes(),
  readBytesPerSecond: bytes(),
  writeBytesPerSecond: bytes(),
  iops: iops(),
  readIops: iops(),
  writeIops: iops(),
};

export const diskLimits = z.strictObject(
  {
    ...amounts,
    burst: z
      .strictObject(
        { ...amounts, seconds: wholeNumber(1, 86_400).optional() },
        { error: "must be { bytesPerSecond, iops, seconds, ... }" },
      )
      .optional(),
    iopsSize: bytes(),
  },
  { error: "must be { bytesPerSecond, iops, burst, ... }" },
);
type DiskLimitInputs = z.output<typeof diskLimits>;

/** As the document has them; undefined: no limits. */
export function limitsOf(declared: DiskLimitInputs | undefined): DiskLimits | undefined {
  if (declared === undefined) return undefined;
  const { burst, iopsSize } = declared;
  const taken = (from: Partial<Record<DiskLimitKind, number | undefined>>) =>
    Object.fromEntries(
      diskLimitKinds.flatMap((kind) => (from[kind] === undefined ? [] : [[kind, from[kind]]])),
    );
  const steady = taken(declared);
  const bursts = taken(burst ?? {});
  const seconds = burst?.seconds;
  const limits: DiskLimits = {
    steady,
    ...(Object.keys(bursts).length === 0 ? {} : { burst: bursts }),
    ...(seconds === undefined || Object.keys(bursts).length === 0
      ? {}
      : { burstSeconds: Object.fromEntries(Object.keys(bursts).map((kind) => [kind, seconds])) }),
    ...(iopsSize === undefined ? {} : { iopsSizeBytes: iopsSize }),
  };
  return Object.keys(limits).length === 1 && Object.keys(steady).length === 0 ? undefined : limits;
}

const totals = [
  ["bytesPerSecond", ["readBytesPerSecond", "writeBytesPerSecond"]],
  ["iops", ["readIops", "writeIops"]],
] as const;

/** What of it QEMU refuses. */
export const limitRules: readonly Rule<DiskLimitInputs>[] = [
  ...totals.flatMap(([total, parts]) =>
    parts.map(
      (part): Rule<DiskLimitInputs> =>
        (limits) =>
          problemIf(
            limits[total] !== undefined && limits[part] !== undefined,
            part,
            `can't be beside ${total}: limit reads and writes together, or each by itself`,
          ),
    ),
  ),
  ...diskLimitKinds.map(
    (kind): Rule<DiskLimitInputs> =>
      (limits) => {
        const most = limits.burst?.[kind];
        if (most === undefined) return [];
        const steady = limits[kind];
        if (steady === undefined)
          return [{ path: `burst.${kind}`, message: `needs ${kind}: a burst is above a limit` }];
        return problemIf(most < steady, `burst.${kind}`, `${most} must be at least ${kind}, ${steady}`);
      },
  ),
  ({ burst }) =>
    problemIf(
      burst?.seconds !== undefined && diskLimitKinds.every((kind) => burst[kind] === undefined),
      "burst.seconds",
      "needs a rate beside it: how much there may be in a burst",
    ),
  ({ iopsSize, iops: all, readIops, writeIops }) =>
    problemIf(
      iopsSize !== undefined && (all ?? readIops ?? writeIops) === undefined,
      "iopsSize",
      "needs iops: it says how large a request counts as one",
    ),
];

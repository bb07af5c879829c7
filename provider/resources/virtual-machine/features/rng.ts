import { z } from "zod";
import type { Rng } from "../../../libvirt/xml/index.js";
import { duration, milliseconds, oneOf, wholeNumber } from "../../inputs.js";
import { typedRow } from "../change-row.js";
import type { Inputs } from "../schema.js";
import type { MachineFeature } from "./feature.js";

export const rngShape = {
  rng: z
    .union(
      [
        z.boolean(),
        z.strictObject({
          source: oneOf(["/dev/urandom", "/dev/random", "/dev/hwrng"]).optional(),
          bytes: wholeNumber(1, 2 ** 30).optional(),
          period: duration({ leastMs: 1, mostMs: 3_600_000 }).optional(),
        }),
      ],
      { error: "must be true, false or { source, bytes, period }" },
    )
    .optional(),
};

/** What a new VM has. */
const DEFAULT_RNG: Rng = { backend: "random", device: "/dev/urandom" };
const DEFAULT_PERIOD_MS = 1_000;

export const rngFeature: MachineFeature = {
  shape: rngShape,
  crossChecks: [
    ({ rng }) =>
      typeof rng === "object" && rng.period !== undefined && rng.bytes === undefined
        ? [{ path: "rng.period", message: "needs bytes: how many in that time" }]
        : [],
  ],
  desire(model, { inputs, previous, existing }) {
    const isOurs = existing === undefined || previous?.rng !== undefined;
    const wanted = inputs.rng === undefined ? (isOurs ? DEFAULT_RNG : model.rng) : rngOf(inputs.rng);
    if (wanted === undefined) delete model.rng;
    else model.rng = wanted;
  },
  rows: [
    typedRow("rng", {
      input: "rng",
      effect: ({ from, to }, guest) => {
        if (from !== undefined && guest.paused) return "nextBoot";
        const fits = from !== undefined || guest.freePorts === undefined || guest.freePorts >= 1;
        return to === undefined || fits ? "live" : "nextBoot";
      },
      ports: ({ from, to }) => Number(to !== undefined) - Number(from !== undefined),
      running: "live; at its next boot without a free PCIe port",
      show: ({ device, backend, rate }) =>
        [
          device ?? backend,
          ...(rate === undefined ? [] : [`${rate.bytes} bytes in ${rate.periodMs} ms`]),
        ].join(", "),
    }),
  ],
};

function rngOf(declared: NonNullable<Inputs["rng"]>): Rng | undefined {
  if (declared === false) return undefined;
  if (declared === true) return DEFAULT_RNG;
  const { source = "/dev/urandom", bytes, period } = declared;
  const periodMs = period === undefined ? DEFAULT_PERIOD_MS : milliseconds(period);
  return { backend: "random", device: source, ...(bytes === undefined ? {} : { rate: { bytes, periodMs } }) };
}

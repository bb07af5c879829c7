import { z } from "zod";
import { type Clock, sortedTimers } from "../../../libvirt/xml/index.js";
import { libvirtAttribute, oneOf, yesOrNo } from "../../inputs.js";
import { typedRow } from "../change-row.js";
import type { Inputs } from "../schema.js";
import type { MachineFeature } from "./feature.js";
import { setOrKeep } from "./set-or-keep.js";

const timer = z.strictObject(
  { present: yesOrNo().optional(), tickPolicy: oneOf(["delay", "catchup", "merge", "discard"]).optional() },
  { error: "must be { present, tickPolicy }" },
);

export const clockShape = {
  clock: z
    .strictObject(
      {
        offset: oneOf(["utc", "localtime", "timezone"]).optional(),
        timezone: libvirtAttribute({ mostBytes: 64 })
          .regex(/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/, {
            error: 'must be a time zone of the host, such as "Europe/Berlin"',
          })
          .optional(),
        timers: z
          .strictObject(
            {
              rtc: timer.optional(),
              pit: timer.optional(),
              hpet: timer.optional(),
              kvmclock: timer.optional(),
              hypervclock: timer.optional(),
              tsc: timer.optional(),
            },
            { error: "must be { rtc, pit, hpet, ... }" },
          )
          .optional(),
      },
      { error: "must be { offset, timezone, timers }" },
    )
    .optional(),
};

export const clockFeature: MachineFeature = {
  shape: clockShape,
  desire: (model, { inputs, previous }) =>
    setOrKeep(model, "clock", clockOf(inputs.clock), previous?.clock ?? inputs.clock),
  crossChecks: [
    ({ clock }) => {
      if (clock?.offset === "timezone" && clock.timezone === undefined)
        return [{ path: "clock.timezone", message: 'is missing: offset "timezone" needs it' }];
      return clock?.timezone !== undefined && clock.offset !== "timezone"
        ? [{ path: "clock.timezone", message: 'needs offset "timezone"' }]
        : [];
    },
  ],
  rows: [typedRow("clock", { input: "clock", effect: "nextBoot", show: showClock })],
};

function clockOf(declared: Inputs["clock"]): Clock | undefined {
  if (declared === undefined) return undefined;
  const { offset = "utc", timezone, timers = {} } = declared;
  const list = Object.entries(timers).flatMap(([name, { present, tickPolicy } = {}]) =>
    present === undefined && tickPolicy === undefined
      ? []
      : [
          {
            name,
            ...(present === undefined ? {} : { present }),
            ...(tickPolicy === undefined ? {} : { tickPolicy }),
          },
        ],
  );
  // What every domain has that asks for nothing.
  if (offset === "utc" && list.length === 0) return undefined;
  return { offset, ...(timezone === undefined ? {} : { timezone }), timers: sortedTimers(list) };
}

function showClock({ offset, timezone, timers }: Clock): string {
  const list = timers.map(({ name, present, tickPolicy }) =>
    [name, present === undefined ? undefined : present ? "on" : "off", tickPolicy]
      .filter((word) => word !== undefined)
      .join(" "),
  );
  return [timezone ?? offset, ...list].join(", ");
}

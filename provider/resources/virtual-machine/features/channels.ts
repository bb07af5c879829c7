import { z } from "zod";
import { type Channel, sortedChannels } from "../../../libvirt/xml/index.js";
import { hostPath, libvirtAttribute } from "../../inputs.js";
import { repeated } from "../../rules.js";
import { typedRow } from "../change-row.js";
import type { Inputs } from "../schema.js";
import { declaredAndStrangers, listEffect, type PluggableDevice } from "./device-list.js";
import type { MachineFeature } from "./feature.js";

const AGENT = "org.qemu.guest_agent.0";

export const channelsShape = {
  channels: z
    .array(
      z.strictObject(
        {
          name: libvirtAttribute({ mostBytes: 64 })
            .refine((s) => s.length > 0 && !s.includes("/"), { error: "must be a name without /" })
            .refine((s) => s !== AGENT, { error: "is the guest agent's, which every VM has" }),
          path: hostPath().optional(),
        },
        { error: "must be { name, path }" },
      ),
      { error: "must be a list of channels" },
    )
    .max(16, { error: "must have at most 16 entries" })
    .optional(),
};

const channel: PluggableDevice<Channel> = {
  keyOf: ({ name }) => name,
  isPluggable: (_, { room }) => room.hasVirtioSerial,
  takesPort: () => false,
};

export const channelsFeature: MachineFeature = {
  shape: channelsShape,
  crossChecks: [channelsApart],
  desire(model, { inputs, previous, existing }) {
    const merged = declaredAndStrangers(
      { declared: inputs.channels, before: previous?.channels, existing: existing?.channels },
      channel.keyOf,
    );
    if (merged === undefined) delete model.channels;
    else model.channels = sortedChannels(merged);
  },
  rows: [
    typedRow("channels", {
      input: "channels",
      effect: listEffect(channel),
      running: "live",
      show: (list) => list.map(({ name }) => name).join(", "),
    }),
  ],
};

function channelsApart({ channels = [] }: Pick<Inputs, "channels">) {
  return repeated(
    channels,
    ({ name }) => name,
    ({ name }, i) => [{ path: `channels[${i}].name`, message: `${JSON.stringify(name)} occurs twice` }],
  );
}

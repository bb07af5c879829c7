import { z } from "zod";
import type { SerialPort } from "../../../libvirt/xml/index.js";
import { hostPath, libvirtAttribute, oneOf, wholeNumber } from "../../inputs.js";
import { ofEach, problemIf, type Rule } from "../../rules.js";
import { typedRow } from "../change-row.js";
import type { Inputs } from "../schema.js";
import type { MachineFeature } from "./feature.js";
import { withStrangers } from "./set-or-keep.js";

/** ISA has room for four, the console among them. */
const MOST_PORTS = 3;

export const serialPortsShape = {
  serialPorts: z
    .array(
      z.strictObject(
        {
          type: oneOf(["pty", "file", "unix", "tcp"]),
          path: hostPath().optional(),
          mode: oneOf(["bind", "connect"]).optional(),
          host: libvirtAttribute({ mostBytes: 255 })
            .regex(/^[A-Za-z0-9.:_-]+$/, { error: "must be a DNS name or an IP address" })
            .optional(),
          port: wholeNumber(1, 65_535).optional(),
          protocol: oneOf(["raw", "telnet"]).optional(),
          log: hostPath().optional(),
        },
        { error: "must be { type, path, ... }" },
      ),
      { error: "must be a list of serial ports" },
    )
    .max(MOST_PORTS, {
      error: `must have at most ${MOST_PORTS} entries: a machine has four ports, and one is the console`,
    })
    .optional(),
};

type Port = NonNullable<Inputs["serialPorts"]>[number];

/** Which of its properties each type has, and which of these it needs. */
const PROPERTIES: Readonly<
  Record<Port["type"], { needs: readonly (keyof Port)[]; may: readonly (keyof Port)[] }>
> = {
  pty: { needs: [], may: ["log"] },
  file: { needs: ["path"], may: ["log"] },
  unix: { needs: ["path"], may: ["mode", "log"] },
  tcp: { needs: ["port"], may: ["mode", "host", "protocol", "log"] },
};

const portRules = (["path", "mode", "host", "port", "protocol", "log"] as const).map(
  (key): Rule<Port> =>
    ({ type, [key]: value }) => {
      const { needs, may } = PROPERTIES[type];
      if (value === undefined)
        return problemIf(needs.includes(key), key, `is missing: type ${JSON.stringify(type)} needs it`);
      return problemIf(
        !needs.includes(key) && !may.includes(key),
        key,
        `doesn't belong to type ${JSON.stringify(type)}`,
      );
    },
);

export const serialPortsFeature: MachineFeature = {
  shape: serialPortsShape,
  desire: (model, { inputs, previous, existing }) => {
    const all = withStrangers(
      inputs.serialPorts?.map(portOf),
      previous?.serialPorts?.map(portOf),
      existing?.serialPorts,
    );
    if (all === undefined) delete model.serialPorts;
    else model.serialPorts = all;
  },
  crossChecks: ofEach("serialPorts", portRules),
  rows: [
    typedRow("serialPorts", {
      input: "serialPorts",
      effect: "nextBoot",
      show: (ports) => ports.map(showPort).join(", "),
    }),
  ],
};

function portOf({ type, path, mode, host, port, protocol, log }: Port): SerialPort {
  const telnet = type === "tcp" && protocol === "telnet";
  return {
    type,
    ...(path === undefined ? {} : { path }),
    ...(type === "unix" || type === "tcp" ? { mode: mode ?? "bind" } : {}),
    ...(type === "tcp" ? { host: host ?? "127.0.0.1", service: String(port) } : {}),
    ...(telnet ? { protocol } : {}),
    ...(log === undefined ? {} : { log }),
  };
}

function showPort({ type, path, mode, host, service, protocol, log }: SerialPort): string {
  const where = path ?? (service === undefined ? undefined : `${host ?? ""}:${service}`);
  return [type, mode, where, protocol, log === undefined ? undefined : `with log ${log}`]
    .filter((word) => word !== undefined)
    .join(" ");
}

import { z } from "zod";
import type { Graphics, ModelDifference } from "../../../libvirt/xml/index.js";
import { libvirtAttribute, oneOf, wholeNumber } from "../../inputs.js";
import { typedRow } from "../change-row.js";
import type { Inputs } from "../schema.js";
import type { MachineFeature } from "./feature.js";
import { setOrKeep } from "./set-or-keep.js";

/** VNC's own authentication looks at no more. */
const LONGEST_VNC_PASSWORD = 8;
const NOT_A_DATE = 'must be a date and time with its zone, such as "2030-01-31T12:00:00Z"';

/** As libvirt has it: UTC, without saying so. */
const moment = z.string({ error: NOT_A_DATE }).transform((value, context) => {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.test(value)
    ? new Date(/[Z+]|-\d\d:\d\d$/.test(value.slice(11)) ? value : `${value}Z`)
    : undefined;
  if (at === undefined || Number.isNaN(at.getTime())) {
    context.addIssue({ code: "custom", message: NOT_A_DATE, input: value });
    return z.NEVER;
  }
  return at.toISOString().slice(0, 19);
});

export const graphicsShape = {
  graphics: z
    .strictObject(
      {
        type: oneOf(["vnc", "spice"]),
        listen: libvirtAttribute({ mostBytes: 255 })
          .regex(/^[A-Za-z0-9.:_-]+$/, {
            error: 'must be an address of the host, such as "127.0.0.1" or "0.0.0.0"',
          })
          .optional(),
        port: z
          .union([z.literal("auto"), wholeNumber(5_900, 65_535)], {
            error: 'must be "auto" or a whole number from 5900 to 65535',
          })
          .optional(),
        password: libvirtAttribute({ mostBytes: 64 })
          .refine((s) => s.length > 0, { error: "must not be empty" })
          .optional(),
        passwordValidTo: moment.optional(),
        sharePolicy: oneOf(["allow-exclusive", "force-shared", "ignore"]).optional(),
        keymap: z
          .string({ error: "must be a string" })
          .regex(/^[A-Za-z]{2,3}(-[A-Za-z]{2,3})?$/, {
            error: 'must be a keymap of QEMU, such as "de" or "en-us"',
          })
          .optional(),
      },
      { error: "must be { type, listen, port, ... }" },
    )
    .optional(),
};

/** What distributions have taken out of QEMU's own package. */
const PACKAGED_ALONE: Readonly<Record<string, string>> = {
  spice:
    "; QEMU's part for it may be a package of its own there: qemu-system-modules-spice (Debian from 13 on), qemu-ui-spice-core (Fedora)",
};

export const graphicsFeature: MachineFeature = {
  shape: graphicsShape,
  desire: (model, { inputs, previous }) => {
    setOrKeep(model, "graphics", graphicsOf(inputs.graphics), previous?.graphics);
  },
  obstacles: ({ graphics }, { name, capabilities }) =>
    graphics === undefined || capabilities.graphics.includes(graphics.type)
      ? []
      : [
          {
            property: "graphics",
            message: `${name} can't show guests by ${graphics.type}; it has ${capabilities.graphics.join(", ") || "nothing for it"}${PACKAGED_ALONE[graphics.type] ?? ""}`,
          },
        ],
  crossChecks: [
    ({ graphics }) =>
      graphics?.password !== undefined &&
      graphics.type === "vnc" &&
      Buffer.byteLength(graphics.password) > LONGEST_VNC_PASSWORD
        ? [
            {
              path: "graphics.password",
              message: `must be at most ${LONGEST_VNC_PASSWORD} bytes with type "vnc": VNC compares no more`,
            },
          ]
        : [],
    ({ graphics }) =>
      graphics?.passwordValidTo !== undefined && graphics.password === undefined
        ? [{ path: "graphics.passwordValidTo", message: "needs password: without one nothing ends" }]
        : [],
    ({ graphics }) =>
      graphics?.type === "spice"
        ? (["sharePolicy", "keymap"] as const).flatMap((key) =>
            graphics[key] === undefined
              ? []
              : [{ path: `graphics.${key}`, message: 'belongs to type "vnc", not "spice"' }],
          )
        : [],
  ],
  rows: [
    typedRow("graphics", {
      input: "graphics",
      effect: (difference) => (isPasswordAlone(difference) ? "live" : "nextBoot"),
      running: "at its next boot; a changed password live",
      // Without an address of its own the guest has the host's default, which only the running one tells.
      isMet: (live, wanted) =>
        sameBut(
          live,
          wanted,
          wanted?.listen === undefined || typeof wanted.listen === "object" ? ["listen"] : [],
        ),
      show: showGraphics,
      describe: (from, to) =>
        sameBut(from, to, ["password", "passwordValidTo"])
          ? { property: "graphics.password", from: showPassword(from), to: showPassword(to, from) }
          : undefined,
    }),
  ],
};

function graphicsOf(declared: Inputs["graphics"]): Graphics | undefined {
  if (declared === undefined) return undefined;
  const { listen = "127.0.0.1", port, password, ...rest } = declared;
  return {
    ...rest,
    listen,
    ...(port === undefined || port === "auto" ? {} : { port }),
    ...(password === undefined ? {} : { password: { secret: password } }),
  };
}

/** QEMU asks for a password only when it was started with one, and then always. */
function isPasswordAlone({ from, to }: ModelDifference): boolean {
  const [before, after] = [from as Graphics | undefined, to as Graphics | undefined];
  return (
    before?.password !== undefined &&
    after?.password !== undefined &&
    sameBut(before, after, ["password", "passwordValidTo"])
  );
}

function sameBut(
  a: Graphics | undefined,
  b: Graphics | undefined,
  keys: readonly (keyof Graphics)[],
): boolean {
  if (a === undefined || b === undefined) return a === b;
  const rest = (graphics: Graphics) =>
    JSON.stringify(
      Object.entries(graphics)
        .filter(([key]) => !keys.includes(key as keyof Graphics))
        .sort(([left], [right]) => (left < right ? -1 : 1)),
    );
  return rest(a) === rest(b);
}

function showGraphics({
  type,
  listen,
  port,
  password,
  passwordValidTo,
  sharePolicy,
  keymap,
}: Graphics): string {
  return [
    type,
    typeof listen === "string" ? `on ${listen}` : listen === undefined ? undefined : `by ${listen.other}`,
    port === undefined ? undefined : `port ${port}`,
    password === undefined
      ? undefined
      : `with a password${passwordValidTo === undefined ? "" : ` until ${passwordValidTo}`}`,
    sharePolicy,
    keymap === undefined ? undefined : `keymap ${keymap}`,
  ]
    .filter((part) => part !== undefined)
    .join(" ");
}

function showPassword(graphics: Graphics | undefined, before?: Graphics): string {
  const { password, passwordValidTo } = graphics ?? {};
  if (password === undefined) return "none";
  const other = before?.password !== undefined && before.password.secret !== password.secret;
  return `${other ? "another" : "(secret)"}${passwordValidTo === undefined ? "" : ` until ${passwordValidTo}`}`;
}

import { isIP } from "node:net";
import { posix } from "node:path";
import { z } from "zod";
import { common, hostPath, libvirtName, oneOf, onHosts, wholeNumber, xmlText, yesOrNo } from "../inputs.js";
import { FILE_SYSTEMS, NETWORK_FORMATS, POOL_TYPES } from "./kinds.js";

const serverName = () =>
  z
    .string({ error: "must be a string" })
    .refine((s) => isIP(s) !== 0 || /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(s), {
      error: "must be a DNS name or an IP address",
    });

const server = () =>
  z.union([serverName(), z.strictObject({ name: serverName(), port: wholeNumber(1, 65_535).optional() })], {
    error: "must be a DNS name, an IP address or { name, port }",
  });

/** A device of the host, or the name of an iSCSI target. */
const device = () =>
  xmlText({ mostBytes: 1024 }).refine((s) => s.trim() === s && s !== "", {
    error: "must not be empty, and not begin or end with a space",
  });

const list = <T extends z.ZodType>(of: T, what: string) =>
  z
    .array(of, { error: `must be a list of ${what}` })
    .min(1, { error: "must have at least one entry" })
    .max(64, { error: "must have at most 64 entries" })
    .optional();

const named = (mostBytes: number) =>
  xmlText({ mostBytes }).refine((s) => s !== "", { error: "must not be empty" });

const secret = z.strictObject(
  {
    // libvirt writes it so, whatever it was given.
    uuid: z
      .uuid({ error: "must be the UUID of one of libvirt's secrets" })
      .transform((uuid) => uuid.toLowerCase())
      .optional(),
    usage: named(1024).optional(),
  },
  {
    error:
      "must be { uuid } or { usage }, by which libvirt on the hosts knows the secret (virsh secret-define, secret-set-value); the password itself isn't given here",
  },
);

const auth = z.strictObject({ username: named(256), secret }, { error: "must be { username, secret }" });

const source = z.strictObject(
  {
    host: server().optional(),
    hosts: list(server(), "servers"),
    dir: xmlText({ mostBytes: 4095 })
      .refine((s) => s !== "", { error: "must not be empty" })
      .optional(),
    device: device().optional(),
    devices: list(device(), "devices"),
    name: libvirtName({ mostBytes: 128 }).optional(),
    format: oneOf([...FILE_SYSTEMS, ...NETWORK_FORMATS]).optional(),
    protocolVersion: z
      .string({ error: "must be a string" })
      .regex(/^[0-9]+(?:\.[0-9]+)?$/, { error: 'must be a version of NFS, such as "3" or "4.2"' })
      .optional(),
    initiator: xmlText({ mostBytes: 223 }).optional(),
    auth: auth.optional(),
  },
  { error: "must be { host, dir, device, name, ... }" },
);

export const shape = {
  ...common,
  ...onHosts,
  name: libvirtName({ mostBytes: 100 }),
  type: oneOf(POOL_TYPES).default("dir"),
  path: hostPath()
    .transform(withoutTrailingSlash)
    .refine((path) => path !== "/", { error: "must be a folder of its own, not /" })
    .optional(),
  source: source.optional(),
  build: yesOrNo().optional(),
  autostart: yesOrNo().optional(),
  forceDestroy: yesOrNo().optional(),
  adopt: yesOrNo().optional(),
};
export type Inputs = z.output<z.ZodObject<typeof shape>>;
export type SourceInputs = NonNullable<Inputs["source"]>;

/** Records by the host's name. */
export interface Outputs {
  hosts: Inputs["hosts"];
  credentials: Inputs["credentials"];
  uuids: Record<string, string>;
  capacityBytes: Record<string, number>;
  availableBytes: Record<string, number>;
  /** Hosts on which the folder wasn't there before: only there it goes with the pool. */
  madeFolder: Record<string, boolean>;
}

/** Two spellings of a path are one folder. */
export function withoutTrailingSlash(path: string): string {
  return posix
    .normalize(path)
    .replace(/^\/\//, "/")
    .replace(/(.)\/$/, "$1");
}

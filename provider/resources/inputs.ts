import { z } from "zod";
import { isXmlText, survivesLibvirtAttribute, survivesLibvirtText } from "../libvirt/xml/text.js";
import { identityOfUrn } from "../planning/owner.js";
import { formatBytes, formatDuration, parseBytes, parseDurationMs } from "../planning/quantity.js";

/** Building blocks of the resources' schemas: what people write on the left, the one canonical form of the state on the right. */

const MIB = 2 ** 20;

/** Bytes, rounded up to whole `granularity`. A bare number below `leastBytes` is taken for an amount in another unit, and refused saying so. */
export function size(options: { granularityBytes: number; leastBytes: number; mostBytes?: number }) {
  const { granularityBytes, leastBytes, mostBytes = 2 ** 53 - granularityBytes } = options;
  return z
    .union([z.string(), z.number()], {
      error: 'must be a size: a string with its unit, such as "4GiB", or a number of bytes',
    })
    .transform((value, context) => {
      const bytes = typeof value === "number" ? value : parseBytes(value);
      const fail = (message: string) => {
        context.addIssue({ code: "custom", message, input: value });
        return z.NEVER;
      };
      if (bytes === undefined)
        return fail(`is no size; write a number with its unit, such as "512MiB", "4GiB" or "1.5TiB"`);
      if (bytes < 0 || (bytes < Number.MAX_SAFE_INTEGER && !Number.isInteger(bytes)))
        return fail("must be a whole number of bytes that is not negative");
      if (bytes < leastBytes) {
        const hint =
          typeof value === "number" && value > 0
            ? `; a number is bytes, so ${value} is ${formatBytes(value)}: did you mean "${value}MiB" or "${value}GiB"?`
            : "";
        return fail(`must be at least ${formatBytes(leastBytes)}${hint}`);
      }
      if (bytes > mostBytes) return fail(`must be at most ${formatBytes(mostBytes)}`);
      return Math.ceil(bytes / granularityBytes) * granularityBytes;
    });
}

/** QEMU and libvirt round x86 memory to whole MiB; rounding here keeps that from looking like drift. */
export const memorySize = () => size({ granularityBytes: MIB, leastBytes: MIB, mostBytes: 2 ** 46 });
/** qcow2 and block devices count in sectors of 512 bytes. */
export const diskSize = () => size({ granularityBytes: 512, leastBytes: 2 ** 16 });

/** Milliseconds in the state's canonical text, `"30000ms"`, so that `"30s"` and `"0.5m"` are the same. */
export function duration(options: { leastMs?: number; mostMs?: number } = {}) {
  const { leastMs = 1, mostMs = 7 * 24 * 3_600_000 } = options;
  return z
    .string({ error: 'must be a duration with its unit, such as "300ms", "30s" or "5m"' })
    .transform((value, context) => {
      const ms = parseDurationMs(value);
      if (ms === undefined || ms < leastMs || ms > mostMs) {
        context.addIssue({
          code: "custom",
          message: `must be a duration with its unit, such as "300ms", "30s" or "5m", from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`,
          input: value,
        });
        return z.NEVER;
      }
      return `${ms}ms`;
    });
}

/** How long an operation may take in all, where `timeouts` don't say. */
export const DEFAULT_TIMEOUT_MS = { create: 30 * 60_000, update: 24 * 3_600_000, delete: 30 * 60_000 };

/** What {@link duration} made of it. */
export function milliseconds(canonical: string): number {
  return Number.parseInt(canonical, 10);
}

/** Text that libvirt gives back as it was given. */
export function xmlText(options: { mostBytes?: number } = {}) {
  return text(options).refine(survivesLibvirtText, {
    error: "must not contain carriage returns: libvirt turns them into line feeds",
    when: isCarriedByXml,
  });
}

/** Text that libvirt gives back as it was given where it keeps it as an attribute. */
export function libvirtAttribute(options: { mostBytes?: number } = {}) {
  return text(options).refine(survivesLibvirtAttribute, noLineBreaks);
}

/** Names that libvirt also uses as file names. */
export function libvirtName(options: { mostBytes?: number; error?: string } = {}) {
  const { mostBytes = 180, error } = options;
  return text({ mostBytes, error })
    .refine((s) => s.length > 0, { error: "must not be empty" })
    .refine((s) => !s.includes("/"), { error: "must not contain /" })
    .refine(survivesLibvirtAttribute, noLineBreaks)
    .refine((s) => !/^[^\S\t\r\n]|[^\S\t\r\n]$/.test(s), { error: "must not begin or end with a space" })
    .refine((s) => !s.startsWith("."), { error: "must not begin with a dot" });
}

/** An absolute path on a host. */
export function hostPath() {
  return text({ mostBytes: 4_095 })
    .refine((s) => s.startsWith("/"), {
      error: "must be an absolute path on the host, such as /var/lib/libvirt/images",
    })
    .refine(survivesLibvirtAttribute, noLineBreaks)
    .refine((s) => !s.split("/").includes(".."), { error: 'must not contain ".."' });
}

/** A file of the machine that runs Pulumi. */
export function localFile() {
  const error = "must be the path of a file of this machine";
  return z
    .string({ error })
    .refine((path) => path !== "" && !path.includes("\0"), { error })
    .refine((path) => !/^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(path), {
      error: `${error}: what has a URL is fetched by an Image, of which a disk is a layer`,
    });
}

/** A volume of the same pool by name, or a file by its path. */
export function volumeNameOrPath() {
  return z.string().superRefine((value, context) => {
    const parsed = (value.startsWith("/") ? hostPath() : libvirtName()).safeParse(value);
    for (const { message } of parsed.error?.issues ?? [])
      context.addIssue({ code: "custom", message, input: value });
  });
}

const noLineBreaks = {
  error: "must not contain line breaks or tabs: libvirt turns them into spaces",
  when: isCarriedByXml,
};

/** What XML can't hold at all is said once. */
function isCarriedByXml({ value }: { value: unknown }): boolean {
  return typeof value === "string" && isXmlText(value);
}

function text(options: { mostBytes?: number; error?: string | undefined } = {}) {
  const { mostBytes = 65_536, error = "must be a string" } = options;
  return z
    .string({ error })
    .refine(isXmlText, { error: "has a control character or half a surrogate pair, which XML can't hold" })
    .refine((s) => Buffer.byteLength(s) <= mostBytes, { error: `must be at most ${mostBytes} bytes` });
}

export function wholeNumber(least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: `must be one of ${values.map((v) => JSON.stringify(v)).join(", ")}` });
}

export const yesOrNo = () => z.boolean({ error: "must be true or false" });

/** Text for files and sockets of this machine, and for ssh. */
const localText = () =>
  z
    .string({ error: "must be a string" })
    .refine((s) => !s.includes("\0"), { error: "must not contain a NUL character" });

export const connection = z.strictObject(
  {
    address: localText()
      .refine((s) => s.trim() === s && s.length > 0 && !/[\s]/.test(s) && !s.startsWith("-"), {
        error:
          'must be a DNS name, an IP address, an alias of the ssh configuration or "local", without spaces',
        abort: true,
      })
      .refine((s) => !/[@/]|^[^:]*:\d+$/.test(s), {
        error:
          'must be a DNS name, an IP address, an alias of the ssh configuration or "local" alone: user and port are inputs beside it',
      }),
    port: wholeNumber(1, 65_535).optional(),
    user: localText()
      .min(1, { error: "must not be empty" })
      .refine((s) => !/[\s]/.test(s), { error: "must not contain spaces" })
      .optional(),
    identityFile: localText().optional(),
    agent: z
      .union([z.boolean(), localText()], { error: "must be true, false or the path of an agent's socket" })
      .optional(),
    proxyJump: localText().optional(),
    sshConfig: z.union([z.literal(false), localText()], { error: "must be a path or false" }).optional(),
    knownHosts: localText().optional(),
    hostKey: localText().optional(),
    hostKeyPolicy: oneOf(["strict", "acceptNew"]).optional(),
    libvirtSocket: hostPath().optional(),
    connectTimeout: duration({ leastMs: 100, mostMs: 600_000 }).optional(),
    migrationAddress: localText()
      .refine((s) => /^[A-Za-z0-9.:[\]_-]+$/.test(s), { error: "must be a DNS name or an IP address" })
      .optional(),
  },
  { error: "must be { address, user, port, ... }" },
);

/** Absent when the program gave none. Only ever handled as a whole: its values occur in no message. */
export const credentials = z.strictObject(
  {
    privateKey: z.string({ error: "must be a string" }).optional(),
    passphrase: z.string({ error: "must be a string" }).optional(),
  },
  { error: "must be { privateKey, passphrase }" },
);

export const timeouts = z.strictObject(
  { create: duration().optional(), update: duration().optional(), delete: duration().optional() },
  { error: "must be { create, update, delete }" },
);

const noUrn = "is missing: construct resources through the classes of pulumi-kvm";

/** What every resource carries. */
export const common = {
  pulumiUrn: z
    .string({ error: noUrn })
    .refine((urn) => identityOfUrn(urn) !== undefined, { error: noUrn })
    .refine(isXmlText, {
      error: "holds a name with a control character or half a surrogate pair, which XML can't hold",
    }),
  effects: z.unknown().optional(),
  secretInputs: z.array(z.string()).optional(),
  timeouts: timeouts.optional(),
};

export const NO_HOST = "must be a Host resource or { name, connection }";

export const onHost = {
  host: hostName(),
  connection,
  credentials: credentials.optional(),
};
export const onHosts = {
  hosts: z
    .record(hostName(), connection, { error: "must be Host resources or { name, connection } objects" })
    .refine((hosts) => Object.keys(hosts).length > 0, { error: "must name at least one host" }),
  credentials: z
    .record(z.string(), credentials, { error: "must be an object by the hosts' names" })
    .optional(),
};

/** What messages call a host; it stands in the notes of migrations too. */
export function hostName() {
  return z
    .string({ error: NO_HOST })
    .refine((s) => s.length > 0, { error: "must not be empty" })
    .refine(isXmlText, { error: "has a control character or half a surrogate pair, which XML can't hold" })
    .refine((s) => Buffer.byteLength(s) <= 1_024, { error: "must be at most 1024 bytes" });
}

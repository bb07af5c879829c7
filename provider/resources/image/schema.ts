import { z } from "zod";
import type { CrossCheck } from "../definition.js";
import { common, libvirtName, oneOf, onHosts, wholeNumber, yesOrNo } from "../inputs.js";
import { type Checksum, LENGTHS, parseChecksum } from "./checksum.js";
import { parseSource, sourceProblem } from "./source.js";

function sum(algorithm: Checksum["algorithm"]) {
  const error = `must be a ${algorithm} sum: ${LENGTHS[algorithm]} hexadecimal digits`;
  const other = algorithm === "sha256" ? "sha512" : "sha256";
  return z
    .string({ error })
    .transform((text) => text.trim().toLowerCase().replace(`${algorithm}:`, ""))
    .refine((text) => text.length !== LENGTHS[other] || !/^[0-9a-f]+$/.test(text), {
      error: `${error}; this has as many as a ${other} sum`,
      abort: true,
    })
    .refine((text) => text.length === LENGTHS[algorithm] && /^[0-9a-f]+$/.test(text), { error });
}

const source = z
  .string({ error: "must be an https or http URL, or the path of a file of this machine" })
  .superRefine((text, context) => {
    const message = sourceProblem(text);
    if (message !== undefined) context.addIssue({ code: "custom", message, input: text });
  })
  .transform((text) => {
    const parsed = parseSource(text);
    if (parsed.kind === "file") return text;
    parsed.url.hash = "";
    return parsed.url.href;
  });

const NO_MEMBER = "must be the name of a file in the archive, as tar lists it";
// It is said to the host in a line of its own.
const member = z.string({ error: NO_MEMBER }).regex(/^[^\p{Cc}\p{Cs}]{1,255}$/u, { error: NO_MEMBER });

const checksumUrl = z
  .string({ error: "must be an https or http URL" })
  .refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text), {
    error: "must be an https or http URL",
  });

/** What the check finds out for dependents, and for the apply that follows; absent while it can't be known. */
const found = {
  /** Of the source as it is downloaded: `sha256:...` or `sha512:...`. */
  checksum: z
    .string()
    .refine((text) => parseChecksum(text) !== undefined)
    .optional(),
  volume: z.string().optional(),
  /** As the guest sees it. */
  sizeBytes: z.number().optional(),
  volumeFormat: oneOf(["qcow2", "raw"]).optional(),
};
export type Found = { [K in keyof typeof found]?: z.output<(typeof found)[K]> };
export const foundKeys = Object.keys(found) as (keyof Found)[];

export const shape = {
  ...common,
  ...onHosts,
  name: libvirtName({ mostBytes: 120 }),
  pool: libvirtName({ mostBytes: 100 }),
  source,
  member: member.optional(),
  sha256: sum("sha256").optional(),
  sha512: sum("sha512").optional(),
  checksumUrl: checksumUrl.optional(),
  format: oneOf(["qcow2", "raw"]).optional(),
  revision: z
    .union([z.string(), wholeNumber(0, Number.MAX_SAFE_INTEGER)], {
      error: "must be a text or a whole number",
    })
    .transform(String)
    .optional(),
  retainOnDelete: yesOrNo().optional(),
  adopt: yesOrNo().optional(),
  ...found,
};
export type Inputs = z.output<z.ZodObject<typeof shape>>;

/** Records by the host's name. */
export interface Outputs {
  hosts: Inputs["hosts"];
  credentials: Inputs["credentials"];
  checksum: string;
  volume: string;
  sizeBytes: number;
  volumeFormat: string;
  paths: Record<string, string>;
  /** Tells this image's claim to a volume from those of other resources that share it. */
  nonce: string;
}

type Problems = ReturnType<CrossCheck<Inputs>>;

export const crossChecks: readonly CrossCheck<Inputs>[] = [credentialsOfHosts, oneChecksum, memberOfArchive];

function credentialsOfHosts({ hosts, credentials }: Inputs): Problems {
  return Object.keys(credentials ?? {})
    .filter((name) => !Object.hasOwn(hosts, name))
    .map((name) => ({ path: "credentials", message: `${name} isn't among the hosts` }));
}

function oneChecksum({ sha256, sha512, checksumUrl: url }: Inputs): Problems {
  const given = Object.entries({ sha256, sha512, checksumUrl: url }).filter(
    ([, value]) => value !== undefined,
  );
  if (given.length < 2) return [];
  const names = given.map(([name]) => name);
  return [
    {
      path: names[1] as string,
      message: `give one of sha256, sha512 and checksumUrl, not ${names.join(" and ")}`,
    },
  ];
}

function memberOfArchive({ member, source: from }: Inputs): Problems {
  if (member !== undefined || !/\.(?:ova|tar)$/i.test(parseSource(from).fileName)) return [];
  return [
    {
      path: "source",
      message: `${parseSource(from).fileName} is an archive of several files: name the disk in it as member, or let kvm.ova(...) read what is in it`,
    },
  ];
}

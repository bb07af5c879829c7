import { z } from "zod";
import { isObject } from "../../../seeds/json.js";
import { readYaml } from "../../../seeds/yaml.js";
import { libvirtName, oneOf, wholeNumber, yesOrNo } from "../../inputs.js";
import { cloudInitText, documentText, jsonObject, line } from "./text-inputs.js";

const LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?";

const hostname = line().regex(new RegExp(`^${LABEL}$`), {
  error:
    "must be a host name: at most 63 letters, digits and hyphens, no dots (a full name with its domain is fqdn)",
});

const fqdn = line({ mostBytes: 253 }).regex(new RegExp(`^${LABEL}(?:\\.${LABEL})+$`), {
  error: "must be a full name with its domain, such as web.example.net",
});

const account = (what: string) =>
  line().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,30}\$?$/, {
    error: `must be a ${what}'s name: a letter, then letters, digits and _ . -, at most 32 characters`,
  });

const sshKey = line({ mostBytes: 16_384 })
  .refine((s) => !s.includes("PRIVATE KEY"), {
    error: "is a private key: give the public one, the line in the .pub file",
    abort: true,
  })
  .refine((s) => /(?:^|\s)(?:ssh-|ecdsa-|sk-)[A-Za-z0-9@.-]+ AAAA[A-Za-z0-9+/]+={0,2}(?:\s|$)/.test(s), {
    error: 'must be a public key as in authorized_keys, such as "ssh-ed25519 AAAA... me@laptop"',
  });

/** Lines of a .pub file end in a line break. */
const sshKeys = z.array(
  documentText()
    .transform((key) => key.trim())
    .pipe(sshKey),
  { error: "must be a list of public keys" },
);

const command = z.union(
  [
    documentText().refine((s) => s.trim().length > 0, { error: "must not be empty" }),
    z
      .array(documentText(), { error: "must be a list of strings" })
      .min(1, { error: "must hold at least the program" }),
  ],
  { error: "must be a shell command, or a list: the program and its arguments" },
);
const commands = z.array(command, { error: "must be a list of commands" });

const user = z.strictObject(
  {
    name: account("user").refine((s) => s !== "default", {
      error: "stands for the image's own user: defaultUser says whether that is made",
    }),
    gecos: line().optional(),
    uid: wholeNumber(0, 2 ** 31 - 1).optional(),
    primaryGroup: account("group").optional(),
    groups: z.array(account("group"), { error: "must be a list of groups' names" }).optional(),
    home: absolutePath().optional(),
    shell: absolutePath().optional(),
    sudo: z
      .union([yesOrNo(), line(), z.array(line(), { error: "must be a list of rules" })], {
        error: "must be true (anything, without a password), a rule of sudoers, or a list of them",
      })
      .optional(),
    sshAuthorizedKeys: sshKeys.optional(),
    lockPassword: yesOrNo().optional(),
    hashedPassword: line()
      .regex(/^\$[a-z0-9]+\$[^\s:]+$/, {
        error:
          'must be a hash as in /etc/shadow, such as "$6$..." from mkpasswd (a password in plain is password)',
      })
      .optional(),
    password: line().optional(),
  },
  { error: "must be { name, groups, sudo, ... }" },
);

const writtenFile = z.strictObject(
  {
    path: absolutePath(),
    content: documentText(),
    encoding: oneOf(["text", "base64"]).optional(),
    permissions: line()
      .regex(/^0?[0-7]{3,4}$/, { error: 'must be a mode in octal digits, such as "0644"' })
      .optional(),
    owner: line()
      .regex(/^[A-Za-z0-9_.-]+(?::[A-Za-z0-9_.-]+)?$/, { error: 'must be "user" or "user:group"' })
      .optional(),
    append: yesOrNo().optional(),
    defer: yesOrNo().optional(),
  },
  { error: "must be { path, content, ... }" },
);

/** netplan's form, version 2, or cloud-init's own, version 1; the key `network` around it may be there. */
const networkObject = jsonObject().superRefine((value, context) => {
  const message = networkProblem(value);
  if (message !== undefined) context.addIssue({ code: "custom", message, input: value });
});

const networkText = documentText().superRefine((value, context) => {
  const parsed = readYaml(value);
  const message = parsed.kind === "invalid" ? `is no YAML: ${parsed.why}` : networkProblem(parsed.value);
  if (message !== undefined) context.addIssue({ code: "custom", message, input: value });
});

const BY_NAME = ["ethernets", "wifis", "bonds", "bridges", "vlans"];

function networkProblem(value: unknown): string | undefined {
  const inner = isObject(value) && "network" in value ? value.network : value;
  if (!isObject(inner)) return "must be an object: { version: 2, ethernets: { ... } }";
  if (inner.config === "disabled") return undefined;
  if (inner.version !== 1 && inner.version !== 2) return "needs version: 2 (netplan's form), or 1";
  if (inner.version === 1)
    return Array.isArray(inner.config) ? undefined : "of version 1 needs config, a list";
  const wrong = BY_NAME.find((key) => key in inner && !isObject(inner[key]));
  return wrong === undefined ? undefined : `must have an object by the interfaces' names as ${wrong}`;
}

export const cloudInit = z.strictObject(
  {
    datasource: oneOf(["noCloud", "configDrive"]).optional(),
    hostname: hostname.optional(),
    fqdn: fqdn.optional(),
    users: z.array(user, { error: "must be a list of users" }).optional(),
    defaultUser: yesOrNo().optional(),
    sshAuthorizedKeys: sshKeys.optional(),
    sshPasswordLogin: yesOrNo().optional(),
    packages: z
      .array(
        line().regex(/^[A-Za-z0-9][^\s]*$/, {
          error: 'must be a package\'s name, such as "nginx" or "nginx=1.22.1-9"',
        }),
        { error: "must be a list of packages' names" },
      )
      .optional(),
    packageUpdate: yesOrNo().optional(),
    packageUpgrade: yesOrNo().optional(),
    bootcmd: commands.optional(),
    runcmd: commands.optional(),
    writeFiles: z.array(writtenFile, { error: "must be a list of files" }).optional(),
    mounts: z
      .array(
        z
          .array(line(), { error: 'must be a list of the fields of fstab, such as ["vdb", "/srv"]' })
          .min(1, { error: "must have 1 to 6 fields" })
          .max(6, { error: "must have 1 to 6 fields" }),
        { error: "must be a list of mounts" },
      )
      .optional(),
    timezone: line()
      .regex(/^[A-Za-z0-9_+-]+(?:\/[A-Za-z0-9_+-]+)*$/, {
        error: 'must be a name of the time zone database, such as "Europe/Berlin"',
      })
      .optional(),
    locale: line()
      .regex(/^[A-Za-z0-9_.@-]+$/, { error: 'must be a locale, such as "en_GB.UTF-8"' })
      .optional(),
    cloudConfig: jsonObject().optional(),
    userData: cloudInitText().optional(),
    metaData: jsonObject().optional(),
    networkConfig: z
      .union([networkText, networkObject], { error: "must be an object, or its YAML" })
      .optional(),
    vendorData: z
      .union([cloudInitText(), jsonObject()], { error: "must be a string or an object" })
      .optional(),
    instanceId: line({ mostBytes: 128 }).optional(),
    newInstanceOnChange: yesOrNo().optional(),
    pool: libvirtName({ mostBytes: 100 }).optional(),
    bus: oneOf(["scsi", "sata"]).optional(),
  },
  { error: "must be { hostname, users, ... }" },
);
export type CloudInitInputs = z.output<typeof cloudInit>;

/** As Linux or Windows writes it. */
function absolutePath() {
  return line().refine((s) => /^(?:\/|[A-Za-z]:[\\/])/.test(s), {
    error: "must be an absolute path in the guest",
  });
}

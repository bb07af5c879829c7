import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { readHostConfig } from "../../provider/ssh/config.js";
import { SshScratch } from "./ssh-server.js";

const scratch = new SshScratch();
afterAll(() => scratch[Symbol.dispose]());

const KEYWORDS = [
  "user",
  "port",
  "connecttimeout",
  "serveraliveinterval",
  "serveralivecountmax",
  "hostkeyalias",
];

/** What the real `ssh` makes of a configuration. */
function askSsh(file: string, host: string): Record<string, string[]> {
  const printed = execFileSync("ssh", ["-G", "-F", file, host], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const values: Record<string, string[]> = {};
  for (const line of printed.split("\n")) {
    const [keyword = "", ...rest] = line.split(" ");
    values[keyword] = [...(values[keyword] ?? []), rest.join(" ")];
  }
  return values;
}

/** What we make of it, in the same form, without the keywords that no line sets. */
async function askOurs(file: string, host: string): Promise<Record<string, string[]>> {
  const config = await readHostConfig(host, undefined, file, {
    environment: {},
    homeDirectory: scratch.home,
    localUser: scratch.user,
    warn: () => undefined,
  });
  const values: Record<string, string[]> = {};
  for (const keyword of [
    ...KEYWORDS,
    "hostname",
    "proxyjump",
    "proxycommand",
    "userknownhostsfile",
    "identityagent",
  ]) {
    const value = config.value(keyword);
    if (value !== undefined) values[keyword] = [value.replaceAll("%h", host)];
  }
  if (config.identityFiles.length > 0) values.identityfile = [...config.identityFiles];
  return values;
}

async function expectAgreement(file: string, host: string): Promise<void> {
  const theirs = askSsh(file, host);
  const ours = await askOurs(file, host);
  for (const [keyword, value] of Object.entries(ours)) {
    // `ssh` prints no jump for "none", and takes a ProxyCommand of "none" as none.
    if (value[0] === "none") expect(theirs[keyword]).toBeUndefined();
    else expect({ [keyword]: theirs[keyword] }).toEqual({ [keyword]: value });
  }
  // What only the defaults set must be what `ssh` has as its defaults.
  expect(ours.user?.[0] ?? scratch.user).toBe(theirs.user?.[0]);
  expect(ours.port?.[0] ?? "22").toBe(theirs.port?.[0]);
  expect(ours.hostname?.[0] ?? host).toBe(theirs.hostname?.[0]);
  expect(ours.proxyjump?.[0] ?? "none").toBe(theirs.proxyjump?.[0] ?? "none");
}

const HOSTS = ["web", "db", "web.lan", "db.lan", "10.0.0.7"];

const pattern = fc.constantFrom(
  "*",
  "web",
  "db",
  "web*",
  "*.lan",
  "?b",
  "!db",
  "!*.lan",
  "10.0.0.?",
  "real.lan",
  "WEB",
);
const setting = fc.oneof(
  fc.tuple(fc.constantFrom("User", "user", "USER"), fc.constantFrom("ops", "root", '"quoted"')),
  fc.tuple(fc.constant("Port"), fc.integer({ min: 1, max: 65_535 }).map(String)),
  fc.tuple(fc.constantFrom("ConnectTimeout", "ServerAliveInterval"), fc.constantFrom("3", "77")),
  fc.tuple(fc.constant("ServerAliveCountMax"), fc.constantFrom("1", "9")),
  fc.tuple(fc.constant("HostName"), fc.constantFrom("real.lan", "%h.lan", "10.9.9.9")),
  fc.tuple(fc.constant("IdentityFile"), fc.constantFrom("/k/a", "/k/b", '"/k/with space"')),
  fc.tuple(fc.constant("ProxyJump"), fc.constantFrom("gate", "ops@gate:2200", "a,b", "none")),
  fc.tuple(fc.constant("ProxyCommand"), fc.constantFrom("nc gate 22", "none")),
  fc.tuple(fc.constant("HostKeyAlias"), fc.constantFrom("stable", "other")),
  fc.tuple(fc.constant("UserKnownHostsFile"), fc.constantFrom("/kh/a", "/kh/a /kh/b")),
  fc.tuple(fc.constant("IdentityAgent"), fc.constantFrom("/run/a", "SSH_AUTH_SOCK")),
);
const settingLine = fc
  .tuple(
    setting,
    fc.constantFrom(" ", "=", " = ", "\t"),
    fc.constantFrom("", "  ", "\t"),
    fc.constantFrom("", " "),
  )
  .map(([[keyword, value], separator, indent, after]) => `${indent}${keyword}${separator}${value}${after}`);
const criterion = fc.oneof(
  fc
    .tuple(fc.constantFrom("host", "originalhost", "!host", "!originalhost"), pattern)
    .map((words) => words.join(" ")),
  fc
    .tuple(fc.constantFrom("host", "originalhost"), pattern, pattern)
    .map(([name, a, b]) => `${name} "${a},${b}"`),
  fc.constantFrom(
    "user ops",
    "!user root",
    "localuser nobody",
    "!localuser nobody",
    "final",
    'exec "test %h = web"',
  ),
);
const section = fc
  .tuple(
    fc.oneof(
      fc.array(pattern, { minLength: 1, maxLength: 3 }).map((patterns) => `Host ${patterns.join(" ")}`),
      fc.array(criterion, { minLength: 1, maxLength: 3 }).map((criteria) => `Match ${criteria.join(" ")}`),
      fc.constantFrom("Match all", "Match final all"),
    ),
    fc.array(settingLine, { maxLength: 4 }),
  )
  .map(([head, lines]) => [head, ...lines, ""].join("\n"));
const configuration = fc
  .tuple(fc.array(settingLine, { maxLength: 2 }), fc.array(section, { minLength: 1, maxLength: 5 }))
  .map(([lines, sections]) => `# generated\n${lines.join("\n")}\n${sections.join("")}`);

describe("the configuration says for a host what `ssh` reads in it", () => {
  test("for generated configurations", async () => {
    await fc.assert(
      fc.asyncProperty(configuration, fc.constantFrom(...HOSTS), async (text, host) => {
        const file = scratch.path("generated");
        writeFileSync(file, text);
        await expectAgreement(file, host);
      }),
      { numRuns: 400 },
    );
  });

  test("with includes inside and outside of blocks", async () => {
    const first = scratch.write("inc-10.conf", "Host web\n  User first\n  IdentityFile /k/1\n");
    scratch.write("inc-20.conf", "User second\nPort 2020\nMatch host web\n  ConnectTimeout 20\n");
    const file = scratch.write(
      "including",
      `Host db\n  Include ${scratch.path("inc-2*.conf")}\n  ServerAliveInterval 4\nHost *\n  Include ${first}\n  Port 99\n`,
    );
    for (const host of HOSTS) await expectAgreement(file, host);
  });
});

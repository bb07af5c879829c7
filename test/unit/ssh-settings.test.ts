import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveSettings, type SshSettings } from "../../provider/ssh/settings.js";
import type { SshTarget } from "../../provider/ssh/target.js";

let home: string;
let warnings: string[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "kvm-settings-"));
  warnings = [];
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function put(name: string, text: string, mode = 0o600): string {
  const path = join(home, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

/** The settings of a target, with `config` as the user's own configuration. */
function settle(
  config: string | undefined,
  target: Partial<SshTarget> & { address: string },
  environment: Record<string, string> = {},
): Promise<SshSettings> {
  const own = config === undefined ? {} : { sshConfig: put("config", config) };
  const surroundings = {
    environment,
    homeDirectory: home,
    localUser: "me",
    warn: (message: string) => void warnings.push(message),
  };
  return resolveSettings({ ...own, ...target }, surroundings);
}

function pathsOf(settings: SshSettings): string[] {
  return settings.identities.map(({ from }) => ("path" in from ? from.path : "inline"));
}

describe("without a configuration", () => {
  test("the defaults are those of OpenSSH, with keepalive and a bounded connect", async () => {
    expect(await settle(undefined, { address: "alpha", sshConfig: false })).toEqual({
      hostName: "alpha",
      port: 22,
      user: "me",
      addressFamily: undefined,
      bindAddress: undefined,
      identities: ["id_rsa", "id_ecdsa", "id_ed25519"].map((name) => ({
        from: { path: join(home, ".ssh", name) },
        passphrase: undefined,
        explicit: false,
      })),
      agentSocket: undefined,
      agentKeys: "all",
      hostKeys: {
        lookupName: "alpha",
        bareName: undefined,
        userFiles: [join(home, ".ssh/known_hosts"), join(home, ".ssh/known_hosts2")],
        globalFiles: ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"],
        revokedFile: undefined,
        policy: "strict",
        pin: undefined,
        hashNames: false,
      },
      keepaliveIntervalMs: 10_000,
      keepaliveCountMax: 3,
      connectTimeoutMs: 10_000,
      via: undefined,
    });
  });
});

describe("precedence", () => {
  const config = `
    Host alpha
      HostName 10.0.0.7
      User ops
      Port 2200
      ConnectTimeout 3
      IdentityFile ~/.ssh/ops
    Host *
      User nobody
      Port 1
      ServerAliveInterval 7
      ServerAliveCountMax 2
  `;

  test("the first value that the configuration has for a host counts, over the defaults", async () => {
    expect(await settle(config, { address: "alpha" })).toMatchObject({
      hostName: "10.0.0.7",
      user: "ops",
      port: 2200,
      connectTimeoutMs: 3_000,
      keepaliveIntervalMs: 7_000,
      keepaliveCountMax: 2,
    });
  });

  test("what the target says counts over the configuration", async () => {
    const settings = await settle(config, {
      address: "alpha",
      user: "root",
      port: 22,
      connectTimeoutMs: 800,
      identityFile: "~/k",
    });
    expect(settings).toMatchObject({ hostName: "10.0.0.7", user: "root", port: 22, connectTimeoutMs: 800 });
    expect(pathsOf(settings)).toEqual([join(home, "k")]);
  });

  test("every IdentityFile counts, in order, once", async () => {
    const lines =
      "IdentityFile /a\nHost alpha\n IdentityFile /b\n IdentityFile /a\nHost *\n IdentityFile %d/%r-%h\n";
    expect(pathsOf(await settle(lines, { address: "alpha" }))).toEqual(["/a", "/b", join(home, "me-alpha")]);
  });

  test("the configuration of a default place is read, unless it is switched off", async () => {
    put(".ssh/config", "Host alpha\n  User fromhome\n");
    expect((await settle(undefined, { address: "alpha" })).user).toBe("fromhome");
    expect((await settle(undefined, { address: "alpha", sshConfig: false })).user).toBe("me");
  });
});

describe("blocks and includes", () => {
  test("negated patterns exclude, whatever else matches", async () => {
    const config = "Host *.lan !dev.lan\n  User ops\n";
    expect((await settle(config, { address: "web.lan" })).user).toBe("ops");
    expect((await settle(config, { address: "dev.lan" })).user).toBe("me");
  });

  test("Match sees the host name that was set before it, the user, and the original name", async () => {
    const config = `
      Host web
        HostName web.internal
      Match host *.internal user me
        Port 2201
      Match originalhost web !user root
        ConnectTimeout 4
      Match host web
        User wrong
    `;
    expect(await settle(config, { address: "web" })).toMatchObject({
      port: 2201,
      connectTimeoutMs: 4_000,
      user: "me",
    });
    expect(await settle(config, { address: "web", user: "root" })).toMatchObject({
      port: 22,
      connectTimeoutMs: 10_000,
    });
  });

  test("Match final sees the resolved name, and adds to what was obtained before", async () => {
    const config = "Match final host *.internal\n  User last\nHost web\n  HostName web.internal\n  Port 7\n";
    expect(await settle(config, { address: "web" })).toMatchObject({ user: "last", port: 7 });
  });

  test("Match exec runs the command with its tokens", async () => {
    const config = 'Match exec "test %h = alpha"\n  User yes\nMatch exec "false"\n  Port 9\n';
    expect(await settle(config, { address: "alpha" })).toMatchObject({ user: "yes", port: 22 });
    expect((await settle(config, { address: "beta" })).user).toBe("me");
  });

  test("a criterion that isn't supported doesn't apply, negated or not, and says so", async () => {
    const config = "Match localnetwork 10.0.0.0/8\n  User a\nMatch !sessiontype shell\n  User b\n";
    expect((await settle(config, { address: "alpha" })).user).toBe("me");
    expect(warnings.join()).toContain("Match localnetwork");
    expect(warnings.join()).toContain("Match sessiontype");
  });

  test("Include takes globs, in order, and only where its block applies", async () => {
    put(".ssh/conf.d/10-a.conf", "Host alpha\n  User first\n");
    put(".ssh/conf.d/20-b.conf", "Host *\n  User second\n  Port 77\n");
    put(".ssh/other", "ConnectTimeout 9\n");
    const config = "Include conf.d/*.conf\nHost beta\n  Include other\n";
    expect(await settle(config, { address: "alpha" })).toMatchObject({
      user: "first",
      port: 77,
      connectTimeoutMs: 10_000,
    });
    expect(await settle(config, { address: "beta" })).toMatchObject({
      user: "second",
      connectTimeoutMs: 9_000,
    });
  });

  test("an Include that includes itself is refused", async () => {
    put(".ssh/loop", "Include loop\n");
    await expect(settle("Include loop\n", { address: "alpha" })).rejects.toMatchObject({
      kind: "configInvalid",
    });
  });
});

describe("agent", () => {
  const environment = { SSH_AUTH_SOCK: "/run/agent", OTHER: "/run/other" };
  test.each([
    ["", undefined, "/run/agent"],
    ["", true, "/run/agent"],
    ["", false, undefined],
    ["", "~/agent", "HOME/agent"],
    ["IdentityAgent none", undefined, undefined],
    ["IdentityAgent none", true, "/run/agent"],
    ["IdentityAgent SSH_AUTH_SOCK", undefined, "/run/agent"],
    ["IdentityAgent $OTHER", undefined, "/run/other"],
    [`IdentityAgent \${OTHER}.%r`, undefined, "/run/other.me"],
    ["IdentityAgent /run/x", false, undefined],
  ])("%j with agent %s: %s", async (config, agent, expected) => {
    const settings = await settle(
      config,
      { address: "alpha", ...(agent !== undefined && { agent }) },
      environment,
    );
    expect(settings.agentSocket).toBe(expected?.replace("HOME", home));
  });

  test("IdentitiesOnly and a key of the target's own leave other agent keys alone", async () => {
    expect((await settle("IdentitiesOnly yes", { address: "a" })).agentKeys).toBe("listed");
    expect((await settle("", { address: "a", privateKey: "k" })).agentKeys).toBe("listed");
    expect((await settle("", { address: "a", privateKey: "k", agent: true })).agentKeys).toBe("all");
  });
});

describe("host keys", () => {
  test("a port other than 22 is part of the name, an alias is the whole name", async () => {
    const named = await settle("", { address: "Alpha", port: 2222 });
    expect(named.hostKeys).toMatchObject({ lookupName: "[alpha]:2222", bareName: "alpha" });
    const aliased = await settle("HostKeyAlias Stable", { address: "alpha", port: 2222 });
    expect(aliased.hostKeys).toMatchObject({ lookupName: "stable", bareName: undefined });
  });

  test.each([
    ["StrictHostKeyChecking no", undefined, "strict"],
    ["StrictHostKeyChecking off", undefined, "strict"],
    ["StrictHostKeyChecking ask", undefined, "strict"],
    ["StrictHostKeyChecking accept-new", undefined, "acceptNew"],
    ["StrictHostKeyChecking accept-new", "strict", "strict"],
    ["StrictHostKeyChecking yes", "acceptNew", "acceptNew"],
  ] as const)("%s with hostKeyPolicy %s: %s", async (config, hostKeyPolicy, expected) => {
    const target = { address: "alpha", ...(hostKeyPolicy !== undefined && { hostKeyPolicy }) };
    expect((await settle(config, target)).hostKeys.policy).toBe(expected);
  });

  test("known_hosts files come from the configuration, and the target's replaces all of them", async () => {
    const config = "UserKnownHostsFile ~/one /two/%h\nGlobalKnownHostsFile none\n";
    expect((await settle(config, { address: "alpha" })).hostKeys).toMatchObject({
      userFiles: [join(home, "one"), "/two/alpha"],
      globalFiles: [],
    });
    expect((await settle(config, { address: "alpha", knownHosts: "~/mine" })).hostKeys).toMatchObject({
      userFiles: [join(home, "mine")],
      globalFiles: [],
    });
  });
});

describe("jump hosts", () => {
  const config = `
    Host web
      ProxyJump outer,ops@[::1]:2022
    Host outer
      HostName outer.example.net
      User gate
      Port 2200
    Host ::1
      ProxyJump ignored
    Host straight
      ProxyJump none
  `;

  test("each has its own configuration; the last one is reached through those before it", async () => {
    const settings = await settle(config, { address: "web", user: "root" });
    expect(settings).toMatchObject({ hostName: "web", user: "root" });
    expect(settings.via).toMatchObject({ hostName: "::1", user: "ops", port: 2022 });
    expect(settings.via?.via).toMatchObject({ hostName: "outer.example.net", user: "gate", port: 2200 });
    expect(settings.via?.via?.via).toBeUndefined();
  });

  test("a jump host's own ProxyJump counts when it is the first", async () => {
    const nested = "Host web\n ProxyJump mid\nHost mid\n ProxyJump outer\n";
    const settings = await settle(nested, { address: "web" });
    expect(settings.via?.hostName).toBe("mid");
    expect(settings.via?.via?.hostName).toBe("outer");
  });

  test('"none" connects straight, in the configuration and of the target', async () => {
    expect((await settle(config, { address: "straight" })).via).toBeUndefined();
    expect((await settle(config, { address: "web", proxyJump: "none" })).via).toBeUndefined();
  });

  test("the pin is the target's alone, its key is offered last on the way", async () => {
    const pin = `SHA256:${"A".repeat(43)}`;
    const settings = await settle("", { address: "web", proxyJump: "outer", hostKey: pin, privateKey: "k" });
    expect(settings.hostKeys.pin).toEqual({ kind: "fingerprint", fingerprint: pin });
    expect(settings.via?.hostKeys.pin).toBeUndefined();
    expect(pathsOf(settings)).toEqual(["inline"]);
    expect(settings.via === undefined ? [] : pathsOf(settings.via).at(-1)).toBe("inline");
  });

  test.each([
    ["Host *\n ProxyJump gate\n", "web"],
    ["Host a\n ProxyJump b\nHost b\n ProxyJump a\n", "a"],
    ["Host a\n ProxyJump a\n", "a"],
  ])("a circle is refused: %j", async (circle, address) => {
    await expect(settle(circle, { address })).rejects.toMatchObject({
      kind: "configInvalid",
      message: expect.stringContaining("circle"),
    });
  });
});

describe("refused", () => {
  test.each([
    ["Host a\n ProxyCommand nc %h %p\n", {}, "ProxyCommand"],
    ["Port many\n", {}, "port"],
    ["ConnectTimeout soon\n", {}, "connecttimeout"],
    ["IdentitiesOnly perhaps\n", {}, "identitiesonly"],
    ["IdentityFile %Q\n", {}, "%Q"],
    [`IdentityFile \${KVM_NO_SUCH_VARIABLE}\n`, {}, "KVM_NO_SUCH_VARIABLE"],
    ["Match host\n User a\n", {}, "match criteria"],
    ["", { port: 0 }, "port"],
    ["", { port: 70_000 }, "port"],
    ["", { connectTimeoutMs: 0 }, "connectTimeout"],
    ["", { connectTimeoutMs: Number.NaN }, "connectTimeout"],
    ["", { user: "a\nb" }, "user"],
    ["", { hostKey: "MD5:aa:bb" }, "hostKey"],
    ["", { hostKey: "ssh-ed25519 AAAA" }, "hostKey"],
    ["", { proxyJump: "a b" }, "host name"],
    ["", { proxyJump: "a,,b" }, "ProxyJump"],
  ])("%j %o", async (config, target, said) => {
    await expect(settle(config, { address: "a", ...target })).rejects.toMatchObject({
      name: "SshError",
      kind: "configInvalid",
      message: expect.stringContaining(said),
    });
  });

  test.each(["", " ", "-oProxyCommand=x", "a b", "a\nb", "a;b", "$(id)", "a,b", "u@h", "*", "!a", "a/b"])(
    "the address %j",
    async (address) => {
      await expect(settle("", { address })).rejects.toMatchObject({ kind: "configInvalid" });
    },
  );

  test("a ProxyCommand of none is none, and a ProxyJump outweighs a ProxyCommand", async () => {
    expect((await settle("ProxyCommand none\n", { address: "a" })).via).toBeUndefined();
    const both = await settle("Host a\n ProxyJump b\nProxyCommand nc\n", { address: "a", proxyJump: "none" });
    expect(both.via).toBeUndefined();
  });

  test("a configuration that is asked for by name must be there", async () => {
    await expect(settle(undefined, { address: "a", sshConfig: "~/absent" })).rejects.toMatchObject({
      kind: "configInvalid",
      message: expect.stringContaining("absent"),
    });
  });

  test("the user's own configuration must not be writable by others", async () => {
    put(".ssh/config", "User x\n", 0o666);
    await expect(settle(undefined, { address: "a" })).rejects.toMatchObject({ kind: "configInvalid" });
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HostUnreachable } from "../../provider/hosts/errors.js";
import type { Connection } from "../../provider/hosts/host-ref.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import type { LabHost } from "../hosts/host.js";
import { Lab, labAvailable } from "../hosts/lab.js";

const { available, missing } = labAvailable();

describe.skipIf(!available)(
  `reaching a host${missing.length === 0 ? "" : ` (missing: ${missing.join("; ")})`}`,
  () => {
    let lab: Lab;
    let alpha: LabHost;
    beforeAll(async () => {
      lab = await Lab.up({ hosts: 1, prefix: "reach", user: "operator" });
      alpha = lab.host("alpha");
    });
    afterAll(async () => {
      await lab?.close();
    });

    function hostsAt(connection: Partial<Connection> = {}) {
      const hosts = new Hosts({ warn: () => undefined, now: () => Date.now() });
      const ref = {
        name: "alpha",
        connection: { address: "alpha", sshConfig: lab.sshConfigPath, ...connection },
        credentials: {},
      };
      return { hosts, host: hosts.get(ref) };
    }

    /** Connections that sshd has at the moment: a process each, beside the one that listens. */
    async function sessions(): Promise<string[]> {
      const { stdout } = await alpha.exec([
        "sh",
        "-c",
        "ss -Htnp state established sport = :22 | grep -o 'pid=[0-9]*' | cut -d= -f2 | sort -u",
      ]);
      return stdout.split("\n").filter((pid) => pid !== "");
    }

    it("is one connection, whoever asks and however often", async () => {
      const { hosts, host } = hostsAt();
      await Promise.all([
        host.observations.facts(),
        host.observations.domains(),
        host.observations.networks(),
        hosts.get(host.ref).observations.pools(),
      ]);
      expect((await sessions()).length).toBe(1);
      await hosts.close();
    });

    it("comes back once when the connection is lost in between", async () => {
      const { hosts, host } = hostsAt();
      await host.observations.domains();
      const before = await sessions();
      expect(before).not.toEqual([]);
      for (const pid of before) await alpha.kill(Number(pid), "KILL");
      await host.observations.refreshDomain({ name: "nobody" });
      expect(await host.observations.domains()).toEqual([]);
      await hosts.close();
    });

    it("gets through a server that forbids forwarding", async () => {
      await alpha.configureSshd("AllowStreamLocalForwarding no\nAllowTcpForwarding no");
      const { hosts, host } = hostsAt();
      expect((await host.observations.facts()).uuid).toBe(alpha.uuid);
      await hosts.close();
      await alpha.configureSshd("");
    });

    it("needs no root: membership in the group libvirt is enough to read", async () => {
      const { hosts, host } = hostsAt({ user: lab.user as string });
      expect((await host.observations.facts()).uuid).toBe(alpha.uuid);
      await hosts.close();
    });

    it("costs one time-out when the host is dead, and remembers it", async () => {
      await alpha.down();
      const { hosts, host } = hostsAt({ connectTimeout: "1500ms" });
      const startedAt = performance.now();
      for (let i = 0; i < 20; i++)
        await expect(host.observations.domains()).rejects.toBeInstanceOf(HostUnreachable);
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      await hosts.close();
      await alpha.up();
    });
  },
);

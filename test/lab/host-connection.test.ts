import { setTimeout as delay } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { asUserError } from "../../provider/engine/operation.js";
import { HostUnreachable } from "../../provider/hosts/errors.js";
import type { Connection } from "../../provider/hosts/host-ref.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import { sidecarName, type VolumeMark } from "../../provider/hosts/volume-mark.js";
import { RpcConnection } from "../../provider/libvirt/rpc/index.js";
import type { Step } from "../../provider/planning/step.js";
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

    function hostsAt(
      connection: Partial<Connection> = {},
      options: { survey?: boolean; answersWithinMs?: number } = {},
    ) {
      const hosts = new Hosts({ warn: () => undefined, now: () => Date.now(), ...options });
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

    it("says that its libvirt has ended, and nothing of the way to it, when that dies in between", async () => {
      const { hosts, host } = hostsAt();
      const { domains } = await host.libvirt();
      await domains.observeAll();
      await alpha.killLibvirtd();
      try {
        const ended = "libvirtd (or virtqemud) there was stopped or restarted, or has crashed; guests run on";
        const restart: Step = {
          ...{ kind: "restart", subject: "web", force: false },
          changes: [],
          effect: "restart",
        };
        // The connection that somebody still holds, in the middle of a step.
        const lost: unknown = await domains.observeAll().catch((error: unknown) => error);
        expect(asUserError(lost, "VirtualMachine web", restart).message).toMatch(
          new RegExp(
            `^VirtualMachine web: alpha: .*: libvirt ended the connection: ${escaped(ended)}; it was lost after this had begun: restart the guest .*goes on from there$`,
          ),
        );
        await expect(host.observations.refreshDomain({ name: "nobody" })).rejects.toThrow(
          new RegExp(
            `^host alpha is unreachable: libvirt ended the connection, and none answers there since: ${escaped(ended)}\\. Start it \\(systemctl start libvirtd, or virtqemud\\)[^;]*$`,
          ),
        );
      } finally {
        await alpha.startLibvirtd();
      }
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

    it("says of a login without that membership what it lacks, and nothing else", async () => {
      const groups = await alpha.readFile("/etc/group");
      await alpha.writeFile("/etc/group", groups.replace(/^(libvirt:.*:).*$/m, "$1"));
      const { hosts, host } = hostsAt({ user: lab.user as string });
      await expect(host.observations.facts()).rejects.toThrow(
        /^host alpha is unreachable: operator may not use libvirt there, by socket \/run\/libvirt\/libvirt-sock; root may, and members of the group libvirt: usermod -aG libvirt operator$/,
      );
      await hosts.close();
      await alpha.writeFile("/etc/group", groups);
    });

    it("reads of a pool that is listed again what is new and what is named, and keeps the rest", async () => {
      await alpha.shell("mkdir /var/lib/libvirt/again");
      await alpha.virsh("pool-create-as", "again", "dir", "--target", "/var/lib/libvirt/again");
      const marks = ["grown", "named"].map((volume) => ({
        identityHash: "0123456789abcdef",
        nonce: "fedcba9876543210",
        volume,
        fileBytes: 2 ** 20,
      }));
      const volumes = ["grown", "named", "gone", ...marks.map(sidecarName)];
      for (const name of volumes) await alpha.virsh("vol-create-as", "again", name, "1M");
      const { hosts, host } = hostsAt();
      const { observations } = host;
      {
        using calls = vi.spyOn(RpcConnection.prototype, "call");
        const { marks: named } = await observations.marks("again");
        expect(new Set(named.map(sidecarName))).toEqual(new Set(marks.map(sidecarName)));
        await observations.marks("again");
        expect(calls.mock.calls.filter(([name]) => name.startsWith("StorageVol"))).toEqual([]);
        expect(calls.mock.calls.filter(([name]) => name === "StoragePoolListAllVolumes")).toHaveLength(1);
      }
      await observations.contents("again");
      expect(await observations.marks("again")).toMatchObject({ marks: [{ fileBytes: 2 ** 20 }, {}] });
      for (const name of ["grown", "named"]) await alpha.virsh("vol-resize", name, "2M", "--pool", "again");
      await alpha.virsh("vol-delete", "gone", "--pool", "again");
      await alpha.virsh("vol-create-as", "again", "new", "3M");
      observations.listAgain("again", ["named"]);
      await observations.refreshVolume("again", "new");
      await observations.noteMark("again", marks[0] as VolumeMark);
      const { volumes: found, marks: stillMarked } = await observations.contents("again");
      const mebibytes = found.map(({ name, capacityBytes }) => [name, capacityBytes / 2 ** 20]);
      expect(Object.fromEntries(mebibytes)).toEqual({ grown: 1, named: 2, new: 3 });
      expect(mebibytes).toHaveLength(3);
      expect(new Set(stillMarked)).toEqual(new Set(marks));
      expect(stillMarked).toHaveLength(2);
      await hosts.close();
      await alpha.virsh("pool-destroy", "again");
    });

    it("reads a pool of many volumes so that others' calls come in between", async () => {
      await alpha.shell(
        "mkdir /var/lib/libvirt/many; cd /var/lib/libvirt/many; for i in $(seq 200); do echo $i >$i; done",
      );
      await alpha.virsh("pool-create-as", "many", "dir", "--target", "/var/lib/libvirt/many");
      const { hosts, host } = hostsAt();
      const { call } = RpcConnection.prototype;
      const waiting = new Set<object>();
      const waited: number[] = [];
      using _spy = vi.spyOn(RpcConnection.prototype, "call").mockImplementation(async function (
        this: RpcConnection,
        ...args
      ) {
        waiting.add(args);
        waited.push(waiting.size);
        return await call.apply(this, args).finally(() => waiting.delete(args));
      });
      expect((await host.observations.contents("many")).volumes).toHaveLength(200);
      expect(waited.length).toBeGreaterThan(600);
      expect(Math.max(...waited)).toBeLessThan(50);
      await hosts.close();
      await alpha.virsh("pool-destroy", "many");
    });

    it("reads all domains anew for whoever wants to know them now, once for all that ask together", async () => {
      const { hosts, host } = hostsAt();
      await host.observations.domains();
      using calls = vi.spyOn(RpcConnection.prototype, "call");
      const ask = () => Promise.all(Array.from({ length: 50 }, () => host.observations.domainsNow()));
      const first = host.observations.domainsNow();
      const whileItReads = first.then(ask);
      expect(await first).toEqual([]);
      await whileItReads;
      const xml = "<domain type='qemu'><name>late</name><memory>1</memory><os><type>hvm</type></os></domain>";
      const { domains } = await host.libvirt();
      await domains.define(xml);
      for (const now of await ask()) expect(now.map(({ name }) => name)).toEqual(["late"]);
      expect(await host.observations.domains()).toEqual([]);
      expect(calls.mock.calls.filter(([name]) => name === "DomainGetXMLDesc").length).toBeLessThan(5);
      await alpha.virsh("undefine", "late");
      await hosts.close();
    });

    it("is given up by a survey when libvirt falls silent, as late as one that doesn't answer; not because it is slow", async () => {
      const { hosts, host } = hostsAt({ connectTimeout: "3000ms" }, { survey: true });
      await host.observations.domains();
      await alpha.freeze("libvirtd");
      const slow = host.observations.domainsNow();
      await delay(700);
      await alpha.thaw("libvirtd");
      expect(await slow).toEqual([]);
      await alpha.freeze("libvirtd");
      try {
        const startedAt = performance.now();
        const asked = [host.observations.networks(), host.observations.pools()];
        for (const answer of await Promise.allSettled(asked))
          expect(answer).toMatchObject({ reason: expect.any(HostUnreachable) });
        await expect(host.observations.domainsNow()).rejects.toThrow(/unreachable.*libvirt sent nothing/);
        expect(performance.now() - startedAt).toBeLessThan(3_000 + 1_500);
      } finally {
        await alpha.thaw("libvirtd");
      }
      await hosts.close();
    });

    it("is given up by a survey when what works for libvirt hangs over storage, though it answers pings", async () => {
      const { hosts, host } = hostsAt(undefined, { survey: true, answersWithinMs: 4_000 });
      await alpha.shell("mkdir /var/lib/libvirt/hung; mknod /dev/fuse c 10 229 2>/dev/null || true");
      await alpha.virsh("pool-define-as", "hung", "dir", "--target", "/var/lib/libvirt/hung");
      await alpha.virsh("pool-start", "hung");
      const uuid = (await host.observations.pools()).find(({ name }) => name === "hung")?.uuid ?? "";
      // A file system whose server never answers.
      const mount = `import ctypes, os, time
fd = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={fd},rootmode=40000,user_id=0,group_id=0".encode()
assert ctypes.CDLL(None).mount(b"hung", b"/var/lib/libvirt/hung", b"fuse", 0, options) == 0
open("/run/hung", "w").close()
time.sleep(600)`;
      await alpha.writeFile("/run/hang.py", mount);
      const pid = (await alpha.shell("python3 /run/hang.py >/dev/null 2>&1 & echo $!")).trim();
      try {
        await vi.waitUntil(() =>
          alpha.shell("test -e /run/hung").then(
            () => true,
            () => false,
          ),
        );
        const startedAt = performance.now();
        await expect(host.idempotent(({ pools }) => pools.refresh(uuid))).rejects.toThrow(
          /host alpha is unreachable: .*libvirt has left StoragePoolRefresh unanswered for \d+ s, though it answers pings/,
        );
        await expect(host.observations.networks()).rejects.toBeInstanceOf(HostUnreachable);
        expect(performance.now() - startedAt).toBeLessThan(4_000 + 2_000 + 3_000);
      } finally {
        await alpha.shell(`kill ${pid}`);
        await alpha.shell("umount -l /var/lib/libvirt/hung");
      }
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

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../hosts/command.js";
import { Lab, labAvailable } from "../hosts/lab.js";
import { SlowWire } from "../hosts/slow-wire.js";

const { available, missing } = labAvailable();

function dial(address: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 1000 });
    socket.once("data", (bytes) => resolve(bytes.toString()));
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
    socket.once("timeout", () => resolve("timeout"));
  }).then((answer) => answer as string);
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error("waited 5 s in vain");
}

describe.skipIf(!available)(
  `the test hosts ${missing.length ? `(missing: ${missing.join("; ")})` : ""}`,
  () => {
    let lab: Lab;
    beforeAll(async () => {
      lab = await Lab.up({ hosts: 2, sharedFolder: true, user: "ops" });
    });
    afterAll(() => lab?.close());

    const ssh = (alias: string, ...words: string[]) =>
      run(["ssh", "-F", lab.sshConfigPath, "-o", "BatchMode=yes", "-o", "ConnectTimeout=3", alias, ...words]);

    it("answer ssh with the key, the known hosts and the aliases that the lab hands out", async () => {
      for (const host of lab.hosts) {
        expect(await ssh(host.name, "hostname")).toEqual({
          exitCode: 0,
          stdout: `${host.name}\n`,
          stderr: "",
        });
        const strict = await ssh(host.name, "-o", "StrictHostKeyChecking=yes", "id", "-un");
        expect(strict.stdout).toBe("root\n");
      }
    });

    it("have a libvirt each: other UUID, nothing defined, no kvm", async () => {
      for (const host of lab.hosts) {
        const capabilities = await host.virsh("capabilities");
        expect(capabilities).toContain(host.uuid);
        expect(capabilities).not.toContain("<domain type='kvm'");
        for (const list of ["list", "net-list", "pool-list"])
          expect((await host.virsh(list, "--all")).trim()).toBe("");
      }
      expect(lab.hosts[0]?.uuid).not.toBe(lab.hosts[1]?.uuid);
    });

    it("let a user of the group libvirt manage guests but not write root's files", async () => {
      const list = await ssh("alpha", "-l", "ops", "virsh -q -c qemu:///system list && echo managed");
      expect(list.stdout.trim()).toBe("managed");
      const write = await ssh("alpha", "-l", "ops", "touch /var/lib/libvirt/images/x");
      expect(write.exitCode).toBe(1);
    });

    it("keep files apart, but for the shared folder", async () => {
      const [alpha, beta] = [lab.host("alpha"), lab.host("beta")];
      await alpha.writeFile("/var/lib/libvirt/images/own", "alpha's");
      await alpha.writeFile(`${lab.sharedPath}/common`, "everyone's");
      await expect(beta.readFile("/var/lib/libvirt/images/own")).rejects.toThrow("ENOENT");
      expect(await beta.readFile(`${lab.sharedPath}/common`)).toBe("everyone's");
    });

    it("reap processes that have lost their parent", async () => {
      const alpha = lab.host("alpha");
      await alpha.shell("(sleep 0.1 & sleep 0.1 &) ; sleep 0.5");
      expect(await alpha.shell("ps -e -o stat= | grep -c ^Z || true")).toBe("0\n");
    });

    it("are cut off, refuse, and are healed", async () => {
      const [alpha, beta] = [lab.host("alpha"), lab.host("beta")];
      await alpha.partition(beta);
      expect(await dial(alpha.address, 22)).toMatch(/^SSH-2.0/);
      const across = await beta.exec(["timeout", "1", "bash", "-c", `exec 3<>/dev/tcp/${alpha.address}/22`]);
      expect(across.exitCode).toBe(124);
      await alpha.partition();
      expect(await dial(alpha.address, 22)).toBe("timeout");
      await alpha.heal();
      await alpha.refuseConnections();
      expect(await dial(alpha.address, 22)).toBe("ECONNREFUSED");
      await alpha.heal();
      expect(await dial(alpha.address, 22)).toMatch(/^SSH-2.0/);
      expect(await alpha.shell("iptables -S INPUT; iptables -S OUTPUT")).not.toContain("DROP");
    });

    it("get a narrow wire and lose it again", async () => {
      const [alpha, beta] = [lab.host("alpha"), lab.host("beta")];
      const fetchMs = async (): Promise<number> => {
        const start = performance.now();
        await beta.shell(
          `exec 3<>/dev/tcp/${alpha.address}/7000; test "$(head -c 2000000 <&3 | wc -c)" = 2000000`,
        );
        return performance.now() - start;
      };
      const serve = () => alpha.shell("busybox nc -l -p 7000 < /dev/zero").catch(() => {});
      await alpha.netem({ rateMbit: 10 });
      void serve();
      await until(() => alpha.shell("ss -Hltn sport = :7000").then((lines) => lines !== ""));
      expect(await fetchMs()).toBeGreaterThan(1000);
      await alpha.heal();
      void serve();
      await until(() => alpha.shell("ss -Hltn sport = :7000").then((lines) => lines !== ""));
      expect(await fetchMs()).toBeLessThan(1000);
    });

    it("lose packets when told to", async () => {
      const alpha = lab.host("alpha");
      await alpha.netem({ lossPercent: 100 });
      expect(await dial(alpha.address, 22)).toBe("timeout");
      await alpha.heal();
      expect(await dial(alpha.address, 22)).toMatch(/^SSH-2.0/);
    });

    it("are far away behind a slow wire", async () => {
      await using wire = await SlowWire.open({ address: lab.host("alpha").address, port: 22, delayMs: 150 });
      const start = performance.now();
      expect(await dial(wire.address, wire.port)).toMatch(/^SSH-2.0/);
      expect(performance.now() - start).toBeGreaterThan(145);
    });

    it("hang and go on", async () => {
      const alpha = lab.host("alpha");
      await alpha.freeze("sshd");
      expect(await dial(alpha.address, 22)).toBe("timeout");
      await alpha.thaw("sshd");
      expect(await dial(alpha.address, 22)).toMatch(/^SSH-2.0/);
      await alpha.freeze("libvirtd");
      const hung = await alpha.exec(["timeout", "1", "virsh", "-q", "-c", "qemu:///system", "list"]);
      expect(hung.exitCode).toBe(124);
      await alpha.thaw("libvirtd");
      await alpha.virsh("list");
    });

    it("lose libvirtd and get it back", async () => {
      const alpha = lab.host("alpha");
      for (const end of [() => alpha.stopLibvirtd(), () => alpha.killLibvirtd()]) {
        await end();
        await expect(alpha.virsh("list")).rejects.toThrow("Failed to connect socket");
        await alpha.startLibvirtd();
        await alpha.virsh("list");
      }
    });

    it("take other settings of sshd", async () => {
      const beta = lab.host("beta");
      await beta.configureSshd("AllowTcpForwarding no\nPermitRootLogin no");
      expect((await ssh("beta", "true")).stderr).toContain("Permission denied");
      await beta.configureSshd("");
      expect((await ssh("beta", "true")).exitCode).toBe(0);
    });

    it("lose their power and come back with what they had", async () => {
      const beta = lab.host("beta");
      await beta.virsh("pool-define-as", "default", "dir", "--target", "/var/lib/libvirt/images");
      await beta.down();
      expect(["EHOSTUNREACH", "timeout"]).toContain(await dial(beta.address, 22));
      await beta.up();
      expect((await ssh("beta", "hostname")).stdout).toBe("beta\n");
      expect(await beta.virsh("pool-list", "--all")).toContain("default");
    });

    it("stand beside another lab and leave nothing behind", async () => {
      const other = await Lab.up({ hosts: 1, prefix: "beside" });
      try {
        expect(other.hosts[0]?.address).not.toBe(lab.hosts[0]?.address);
        expect(await other.hosts[0]?.exec(["hostname"])).toMatchObject({ stdout: "alpha\n" });
        const reach = await other
          .host("alpha")
          .exec(["timeout", "1", "bash", "-c", `exec 3<>/dev/tcp/${lab.host("alpha").address}/22`]);
        expect(reach.exitCode).not.toBe(0);
      } finally {
        await other.close();
      }
      expect((await run(["ls", other.folder])).exitCode).not.toBe(0);
      expect((await run(["ip", "-4", "addr"])).stdout).not.toContain(other.gateway);
      expect(await dial(lab.host("alpha").address, 22)).toMatch(/^SSH-2.0/);
    });

    it("of an owner that has gone are removed by the next start", async () => {
      const orphan = await run([
        "bash",
        "-c",
        `${new URL("../hosts/hosts.sh", import.meta.url).pathname} up --hosts 1 --prefix orphan --owner $$`,
      ]);
      expect(orphan.stderr).toBe("");
      const folder = orphan.stdout.trim();
      expect((await run(["ls", folder])).stdout).toContain("lab.json");
      const next = await Lab.up({ hosts: 1, prefix: "next" });
      await next.close();
      expect((await run(["ls", folder])).exitCode).not.toBe(0);
    });
  },
);

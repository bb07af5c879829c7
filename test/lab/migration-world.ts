import type { Host } from "../../provider/hosts/host.js";
import type { HostRef } from "../../provider/hosts/host-ref.js";
import { Hosts } from "../../provider/hosts/hosts.js";
import { sidecarName, type VolumeMark } from "../../provider/hosts/volume-mark.js";
import {
  type MigratedVolume,
  type MigrationJournal,
  readMigrationJournal,
  withOwnerMark,
} from "../../provider/libvirt/xml/index.js";
import { identityHash } from "../../provider/planning/owner.js";
import type {
  MigrationContext,
  MigrationPlan,
  MigrationPolicy,
} from "../../provider/resources/virtual-machine/migration/index.js";
import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { Lab } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";

const images = "/var/lib/libvirt/images";
const identity = { project: "test", stack: "lab", type: "VirtualMachine", name: "web" };

/** A disk of the guest of these tests. */
export interface TestDisk {
  pool: "default" | "shared";
  format: "qcow2" | "raw";
  sizeMiB: number;
  /** Without: it stands there without a mark, as one that somebody else made. */
  marked?: boolean;
  /** A layer over an image that has this text at 2 MiB. */
  base?: string;
  /** Filled with noise, so that there is something to copy. */
  filled?: boolean;
  /** Content by its place in MiB; written by the guest when it boots. */
  writes?: Record<number, string>;
}

/** The guest of a test. */
export interface TestMachine {
  name: string;
  uuid: string;
  disks: TestDisk[];
  nonce: string;
  autostart?: boolean;
  /** Further words of the kernel's command line. */
  words?: string;
  /** More devices, as XML. */
  devices?: string;
}

/** Two hosts with a pool each, one shared pool, and what a test wants to know of a guest on them. */
export class MigrationWorld implements AsyncDisposable {
  readonly lab: Lab;
  readonly alpha: LabHost;
  readonly beta: LabHost;

  private constructor(lab: Lab) {
    this.lab = lab;
    this.alpha = lab.host("alpha");
    this.beta = lab.host("beta");
  }

  static async up(prefix: string): Promise<MigrationWorld> {
    const world = new MigrationWorld(await Lab.up({ hosts: 2, prefix, sharedFolder: true }));
    for (const host of world.lab.hosts) {
      await world.#definePool(host, "default", images);
      await world.#definePool(host, "shared", world.lab.sharedPath);
    }
    return world;
  }

  async #definePool(host: LabHost, name: string, path: string): Promise<void> {
    await host.virsh("pool-define-as", name, "dir", "--target", path);
    await host.virsh("pool-start", name);
  }

  /** Each host's QEMU gets a certificate for its address, of an authority that both know. */
  async giveCertificates(): Promise<void> {
    const authority = `${this.lab.sharedPath}/authority`;
    const newKey = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    await this.alpha.shell(
      `mkdir ${authority}; cd ${authority}; ${newKey} -x509 -days 2 -subj /CN=lab -keyout key.pem -out ca-cert.pem 2>/dev/null`,
    );
    for (const host of this.lab.hosts) {
      await host.shell(`mkdir /etc/libvirt/tls; cd /etc/libvirt/tls; cp ${authority}/ca-cert.pem .
        ${newKey} -subj /CN=${host.name} -keyout server-key.pem -out request.pem 2>/dev/null
        echo subjectAltName=IP:${host.address} >names
        openssl x509 -req -in request.pem -CA ca-cert.pem -CAkey ${authority}/key.pem -CAcreateserial -days 2 -extfile names -out server-cert.pem 2>/dev/null
        chgrp kvm server-key.pem; chmod 640 server-key.pem
        cp -a server-key.pem client-key.pem; cp server-cert.pem client-cert.pem
        echo 'migrate_tls_x509_cert_dir = "/etc/libvirt/tls"' >>/etc/libvirt/qemu.conf`);
      await host.stopLibvirtd();
      await host.startLibvirtd();
    }
    await this.alpha.shell(`rm -r ${authority}`);
  }

  ref(host: LabHost): HostRef {
    const connection = {
      address: host.address,
      user: "root",
      sshConfig: false as const,
      agent: false,
      knownHosts: this.lab.knownHostsPath,
      connectTimeout: "3000ms",
    };
    return { name: host.name, connection, credentials: { privateKey: this.lab.privateKey } };
  }

  /** Connections of their own, as a new process has them. */
  hosts(): Hosts {
    return new Hosts({ warn: () => undefined, now: Date.now });
  }

  volumeName(machine: TestMachine, index: number): string {
    return `${machine.name}-${index}`;
  }

  path(machine: TestMachine, index: number): string {
    const folder = machine.disks[index]?.pool === "shared" ? this.lab.sharedPath : images;
    return `${folder}/${this.volumeName(machine, index)}`;
  }

  mark(machine: TestMachine, index: number): VolumeMark {
    return {
      identityHash: identityHash({ ...identity, name: machine.name }),
      nonce: machine.nonce,
      volume: this.volumeName(machine, index),
    };
  }

  console(machine: TestMachine): string {
    return `/var/log/libvirt/qemu/${machine.name}-console.log`;
  }

  /** Makes the guest's volumes and its definition, and starts it unless told otherwise. */
  async make(machine: TestMachine, host: LabHost, options: { start?: boolean } = {}): Promise<void> {
    for (const [index, disk] of machine.disks.entries()) {
      const folder = disk.pool === "shared" ? this.lab.sharedPath : images;
      await host.shell(
        `qemu-img create -q -f ${disk.format} '${this.path(machine, index)}' ${disk.sizeMiB}M`,
      );
      if (disk.base !== undefined) {
        const base = `${folder}/base-${machine.nonce}`;
        await host.shell(
          `truncate -s ${disk.sizeMiB}M '${base}'; echo '${disk.base}' | dd of='${base}' bs=1M seek=2 conv=notrunc status=none; qemu-img create -q -f qcow2 -b '${base}' -F raw '${this.path(machine, index)}'`,
        );
      }
      if (disk.filled)
        await host.shell(
          `head -c ${disk.sizeMiB}M /dev/urandom >/run/noise; qemu-img convert -q -n -f raw -O ${disk.format} /run/noise '${this.path(machine, index)}'; rm /run/noise`,
        );
      if (disk.marked !== false)
        await host.shell(`touch '${folder}/${sidecarName(this.mark(machine, index))}'`);
    }
    for (const pool of ["default", "shared"]) await host.virsh("pool-refresh", pool);
    await host.writeFile(`/run/${machine.name}.xml`, this.#xml(machine));
    await host.virsh("define", `/run/${machine.name}.xml`);
    if (machine.autostart) await host.virsh("autostart", machine.name);
    if (options.start !== false) await host.virsh("start", machine.name);
  }

  #xml(machine: TestMachine): string {
    const { kernelPath, initrdPath } = tickGuest();
    const disks = machine.disks.map((disk, index) => {
      const target = `vd${String.fromCharCode(97 + index)}`;
      return `<disk type='file' device='disk'><driver name='qemu' type='${disk.format}'/><source file='${this.path(machine, index)}'/><target dev='${target}' bus='virtio'/></disk>`;
    });
    const writes = machine.disks.flatMap((disk, index) =>
      Object.entries(disk.writes ?? {}).map(
        ([mib, text]) => `write=vd${String.fromCharCode(97 + index)}@${mib}:${text}`,
      ),
    );
    const xml = `<domain type='qemu'><name>${machine.name}</name><uuid>${machine.uuid}</uuid>
      <memory unit='MiB'>128</memory><vcpu>1</vcpu>
      <os><type arch='x86_64' machine='q35'>hvm</type><kernel>${kernelPath}</kernel><initrd>${initrdPath}</initrd>
        <cmdline>${tickCommandLine} ${[...writes, machine.words ?? ""].join(" ")}</cmdline></os>
      <features><acpi/></features>
      <devices>${disks.join("")}
        <serial type='file'><source path='${this.console(machine)}' append='on'/></serial>
        <memballoon model='virtio'/>${machine.devices ?? ""}
      </devices></domain>`;
    const owner = { ...identity, name: machine.name, nonce: machine.nonce, phase: "created" as const };
    return withOwnerMark(xml, owner);
  }

  /** What stands at a place of a disk, whether a guest has it open or not. */
  async content(machine: TestMachine, index: number, mib: number, host: LabHost): Promise<string> {
    const path = this.path(machine, index);
    return host.shell(
      `qemu-img convert -U -f ${machine.disks[index]?.format} -O raw '${path}' /run/content; dd if=/run/content bs=1M skip=${mib} count=1 status=none | head -c 64 | tr -d '\\0\\n'; rm /run/content`,
    );
  }

  /** KiB that a volume takes on its host. */
  async allocatedKib(machine: TestMachine, index: number, host: LabHost): Promise<number> {
    return Number.parseInt(await host.shell(`du -k '${this.path(machine, index)}'`), 10);
  }

  watch(machine: TestMachine): Promise<ConsoleWatch> {
    return ConsoleWatch.start(this.lab.hosts, this.console(machine));
  }

  volumes(machine: TestMachine): MigratedVolume[] {
    return machine.disks.flatMap((disk, index) =>
      disk.pool === "shared"
        ? []
        : [
            {
              sourcePool: disk.pool,
              targetPool: disk.pool,
              name: this.volumeName(machine, index),
              sourcePath: this.path(machine, index),
              targetPath: this.path(machine, index),
              owned: disk.marked !== false,
            },
          ],
    );
  }

  plan(
    machine: TestMachine,
    hosts: Hosts,
    policy: Partial<MigrationPolicy> = {},
    way: { from: LabHost; to: LabHost } = { from: this.alpha, to: this.beta },
  ): MigrationPlan & { source: Host; target: Host } {
    const volumes = this.volumes(machine);
    return {
      source: hosts.get(this.ref(way.from)),
      target: hosts.get(this.ref(way.to)),
      uuid: machine.uuid,
      name: machine.name,
      volumes,
      storage: volumes.length > 0 ? "copy" : "shared",
      policy: { autoConverge: true, tls: false, timeoutMs: 120_000, unsafe: false, ...policy },
    };
  }

  /** `running`, `paused`, `shut off` or `absent`. */
  async state(machine: TestMachine, host: LabHost): Promise<string> {
    const state = await host.exec(["virsh", "-q", "-c", "qemu:///system", "domstate", machine.uuid]);
    return state.exitCode === 0 ? state.stdout.trim() : "absent";
  }

  /** Every file of the pools that has to do with the guest. */
  async files(machine: TestMachine, host: LabHost): Promise<string[]> {
    const listing = await host.shell(`ls -A ${images}; ls -A ${this.lab.sharedPath}`);
    return listing.split("\n").filter((name) => name.includes(machine.name));
  }

  /** What the pools of a host that has the guest hold of it. */
  expectedFiles(machine: TestMachine): string[] {
    return machine.disks
      .flatMap((_, index) => [this.volumeName(machine, index), sidecarName(this.mark(machine, index))])
      .sort();
  }

  /** What is noted in a guest's metadata of a migration: in its running and in its defined document. */
  async journals(machine: TestMachine, host: LabHost): Promise<boolean[]> {
    const documents = [
      await host.virsh("dumpxml", machine.uuid),
      await host.virsh("dumpxml", machine.uuid, "--inactive"),
    ];
    return documents.map((xml) => readMigrationJournal(xml) !== undefined);
  }

  /** The note about the migration, from whichever host has one. */
  async journal(machine: TestMachine): Promise<MigrationJournal | undefined> {
    for (const host of this.lab.hosts)
      for (const more of [[], ["--inactive"]]) {
        const xml = await host.exec(["virsh", "-q", "dumpxml", machine.uuid, ...more]);
        const journal = xml.exitCode === 0 ? readMigrationJournal(xml.stdout) : undefined;
        if (journal !== undefined) return journal;
      }
    return undefined;
  }

  async isAutostarted(machine: TestMachine, host: LabHost): Promise<boolean> {
    return /Autostart:\s+enable/.test(await host.virsh("dominfo", machine.uuid));
  }

  /** Takes everything of a guest off both hosts. */
  async remove(machine: TestMachine): Promise<void> {
    for (const host of this.lab.hosts) {
      await host.exec(["virsh", "-q", "destroy", machine.uuid]);
      await host.exec(["virsh", "-q", "undefine", machine.uuid]);
      await host.shell(
        `find ${images} ${this.lab.sharedPath} -name '*${machine.name}*' -delete; rm -f ${this.console(machine)}`,
      );
      for (const pool of ["default", "shared"]) await host.virsh("pool-refresh", pool);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}

/** A context as the engine makes it, whose lines can be looked at. */
export function testContext(signal: AbortSignal = new AbortController().signal): MigrationContext & {
  lines: string[];
} {
  const lines: string[] = [];
  const say = (level: string) => (message: string) => {
    lines.push(`${level}: ${message}`);
  };
  return {
    lines,
    signal,
    now: Date.now,
    log: { info: say("info"), warning: say("warning"), progress: say("progress") },
  };
}

/** A guest that no other test has. */
export function testMachine(name: string, disks: TestDisk[], more: Partial<TestMachine> = {}): TestMachine {
  const nonce = Buffer.from(name.padEnd(8, "-")).toString("hex").slice(0, 16);
  const uuid = `4f1d2c3b-0000-4000-8000-${Buffer.from(name.padEnd(6, "-").slice(-6)).toString("hex")}`;
  return { name, uuid, disks, nonce, ...more };
}

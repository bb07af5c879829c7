import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import type { Lab } from "../hosts/lab.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";

/** A guest with one disk that somebody made by hand, as the user of a disk. */
export class StorageGuest implements AsyncDisposable {
  readonly name: string;
  readonly #host: LabHost;
  readonly #consolePath: string;

  private constructor(name: string, host: LabHost) {
    this.name = name;
    this.#host = host;
    this.#consolePath = `/var/log/libvirt/qemu/${name}-console.log`;
  }

  static async define(
    host: LabHost,
    name: string,
    diskPath: string,
    format = "qcow2",
    words = "",
    ofDisk = "",
  ): Promise<StorageGuest> {
    const { kernelPath, initrdPath } = tickGuest();
    const guest = new StorageGuest(name, host);
    await host.writeFile(
      `/run/${name}.xml`,
      `<domain type='qemu'><name>${name}</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
      <os><type arch='x86_64' machine='q35'>hvm</type><kernel>${kernelPath}</kernel><initrd>${initrdPath}</initrd>
        <cmdline>${tickCommandLine} ${words}</cmdline></os>
      <features><acpi/></features>
      <devices>
        <disk type='file' device='disk'><driver name='qemu' type='${format}'/><source file='${diskPath}'/><target dev='vda' bus='virtio'/>${ofDisk}</disk>
        <serial type='file'><source path='${guest.#consolePath}' append='on'/></serial>
        <memballoon model='virtio'/>
      </devices></domain>`,
    );
    await host.virsh("define", `/run/${name}.xml`);
    return guest;
  }

  async start(): Promise<void> {
    await this.#host.virsh("start", this.name);
  }

  /** Internal, with memory. */
  async snapshot(name: string): Promise<void> {
    await this.#host.virsh("snapshot-create-as", this.name, name);
  }

  watch(lab: Lab): Promise<ConsoleWatch> {
    return ConsoleWatch.start(lab.hosts, this.#consolePath);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#host.exec(["virsh", "-q", "destroy", this.name]);
    await this.#host.exec(["virsh", "-q", "undefine", this.name, "--snapshots-metadata"]);
    await this.#host.shell(`rm -f ${this.#consolePath} /run/${this.name}.xml`);
  }
}

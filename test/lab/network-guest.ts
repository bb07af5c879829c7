import { ConsoleWatch } from "../hosts/console-watch.mjs";
import type { LabHost } from "../hosts/host.js";
import { tickCommandLine, tickGuest } from "../hosts/tick-guest.js";

/** A running guest with one interface, made by hand; it ends with the scope. */
export class NetworkGuest implements AsyncDisposable {
  readonly name: string;
  readonly watch: ConsoleWatch;
  readonly #host: LabHost;
  readonly #consolePath: string;

  private constructor(name: string, host: LabHost, watch: ConsoleWatch, consolePath: string) {
    this.name = name;
    this.watch = watch;
    this.#host = host;
    this.#consolePath = consolePath;
  }

  /** `defined`: it has a definition besides. */
  static async start(
    host: LabHost,
    source: string,
    options: { name?: string; mac: string; defined?: boolean },
  ): Promise<NetworkGuest> {
    const { name = "ticker", mac } = options;
    const { kernelPath, initrdPath } = tickGuest();
    const log = `/var/log/libvirt/qemu/${name}-console.log`;
    const watch = await ConsoleWatch.start([host], log);
    await host.writeFile(
      `/run/${name}.xml`,
      `<domain type='qemu'><name>${name}</name><memory unit='MiB'>128</memory><vcpu>1</vcpu>
        <os><type arch='x86_64' machine='q35'>hvm</type><kernel>${kernelPath}</kernel><initrd>${initrdPath}</initrd>
          <cmdline>${tickCommandLine}</cmdline></os>
        <features><acpi/></features>
        <devices>
          <interface type='network'><mac address='${mac}'/>${source}<model type='virtio'/><boot order='3'/></interface>
          <serial type='file'><source path='${log}'/></serial>
        </devices></domain>`,
    );
    if (options.defined === true) await host.virsh("define", `/run/${name}.xml`);
    await (options.defined === true ? host.virsh("start", name) : host.virsh("create", `/run/${name}.xml`));
    return new NetworkGuest(name, host, watch, log);
  }

  /** The address that it got by DHCP. */
  async address(): Promise<string> {
    return (await this.watch.untilLine(/^address (\S+)/, { timeoutMs: 60_000 }))[1] as string;
  }

  /** Its `<interface>` as it is now, but for the port. */
  async interfaceXml(): Promise<string> {
    const xml = await this.#host.virsh("dumpxml", this.name);
    return /<interface[\s\S]*<\/interface>/.exec(xml)?.[0].replace(/ portid='[^']*'/, "") ?? "";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watch[Symbol.asyncDispose]();
    await this.#host.exec(["virsh", "-q", "-c", "qemu:///system", "destroy", this.name]);
    await this.#host.exec(["virsh", "-q", "-c", "qemu:///system", "undefine", this.name]);
    await this.#host.exec(["rm", "-f", this.#consolePath]);
  }
}

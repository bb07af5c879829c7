import { mustRun, run } from "./command.js";
import type { LabHost } from "./host.js";

/** A file of a test host as a block device of that host alone; it goes with the scope. */
export class LoopDevice implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(host: LabHost, sizeMib: number): Promise<LoopDevice> {
    // Those of labs that were killed.
    const stale = await mustRun(["losetup", "--list", "--noheadings", "--output", "NAME,BACK-FILE"]);
    for (const [, device] of stale.matchAll(/^(\S+)\s+\S*pulumi-kvm-lab\S* \(deleted\)$/gm))
      await run(["losetup", "-d", device ?? ""]);
    const file = (await host.shell("mktemp -p /var/lib/libvirt device-XXXXXX")).trim();
    await host.shell(`truncate -s ${sizeMib}M ${file}`);
    const path = (await mustRun(["losetup", "--find", "--show", host.outsidePath(file)])).trim();
    await host.shell(`[ -e ${path} ] || mknod ${path} b 7 ${path.replace("/dev/loop", "")}`);
    return new LoopDevice(path);
  }

  /** What is on it. */
  async checksum(): Promise<string> {
    return (await mustRun(["sha256sum", this.path])).split(" ")[0] as string;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run(["losetup", "-d", this.path]);
  }
}

import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startLibvirtDaemon } from "./libvirt-daemon.js";

/** Runs a program that must succeed; what it printed. */
export async function output(program: string, ...words: string[]): Promise<string> {
  return (await promisify(execFile)(program, words)).stdout;
}

/** A libvirt of the test's own, spoken to by virsh: what it says doesn't come by the code under test. */
export interface Virsh {
  /** Where the daemon keeps its files; /var/lib/libvirt is `lib` below it. */
  readonly folder: string;
  run(...words: string[]): Promise<string>;
  /** A command that takes a document: the words before the file's place, then those behind it. */
  submit(words: readonly string[], xml: string, ...behind: string[]): Promise<string>;
  /** The persistent XML of a domain, with its secrets. */
  persistentXml(domain: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the daemon. */
export async function startVirsh(): Promise<Virsh> {
  const daemon = await startLibvirtDaemon();
  const documents = await mkdtemp(join(tmpdir(), "kvm-xml-"));
  const run = (...words: string[]) =>
    output("virsh", "-q", "-c", `qemu:///system?socket=${daemon.socketPath}`, ...words);
  return {
    folder: daemon.folder,
    run,
    submit: async (words, xml, ...behind) => {
      const path = join(documents, "document.xml");
      await writeFile(path, xml);
      return await run(...words, path, ...behind);
    },
    persistentXml: (domain) => run("dumpxml", "--inactive", "--security-info", domain),
    stop: async () => {
      const running = (await run("list", "--uuid")).split("\n").filter((line) => line !== "");
      for (const uuid of running) await run("destroy", uuid);
      await daemon.stop();
      await rm(documents, { recursive: true, force: true });
    },
  };
}

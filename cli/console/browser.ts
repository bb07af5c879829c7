import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { escapeMarkup } from "../markup.js";

/** What opens an address as the person at this machine has it set up. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/**
 * Opens a link in this machine's browser. Command lines are everybody's to read, so the browser is given a file of this user's alone that
 * leads to the link; disposing removes it.
 */
export class OpenedLink implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(url: string): Promise<OpenedLink> {
    const opened = new OpenedLink(await mkdtemp(join(tmpdir(), "kvm-console-")));
    try {
      const page = join(opened.#folder, "screen.html");
      const to = escapeMarkup(url);
      const text = `<!doctype html>\n<meta http-equiv="refresh" content="0; url=${to}">\n<a href="${to}">The screen</a>\n`;
      await writeFile(page, text, { mode: 0o600 });
      const [program = "", ...args] = OPENERS[process.platform] ?? ["xdg-open"];
      const child = spawn(program, [...args, pathToFileURL(page).href], { stdio: "ignore", detached: true });
      await once(child, "spawn");
      child.unref();
      return opened;
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

import { spawnSync } from "node:child_process";
import { StringDecoder } from "node:string_decoder";

/**
 * The terminal while every key belongs to somebody else. `leave` gives it back as it was; so does the process's end, however it comes about
 * short of SIGKILL.
 */
export class RawTerminal implements Disposable {
  readonly #input: NodeJS.ReadStream;
  readonly #leave = () => this.leave();
  readonly #stop = () => this.#suspend();
  #isRaw = false;

  constructor(input: NodeJS.ReadStream) {
    this.#input = input;
    if (!input.isTTY) return;
    this.#enter();
    process.once("exit", this.#leave);
    process.on("SIGTSTP", this.#stop);
  }

  leave(): void {
    process.off("exit", this.#leave);
    process.off("SIGTSTP", this.#stop);
    if (!this.#isRaw) return;
    this.#isRaw = false;
    this.#input.setRawMode(false);
  }

  [Symbol.dispose](): void {
    this.leave();
  }

  #enter(): void {
    this.#input.setRawMode(true);
    // Node leaves it to the terminal to return the carriage at the end of a line, which the guest has done already, or hasn't on purpose.
    spawnSync("stty", ["-opost"], { stdio: [0, "ignore", "ignore"], timeout: 2_000 });
    this.#isRaw = true;
  }

  /** Another process stops this one: meanwhile the shell has its terminal back. */
  #suspend(): void {
    this.#input.setRawMode(false);
    process.once("SIGCONT", () => {
      if (this.#isRaw) this.#enter();
    });
    process.kill(process.pid, "SIGSTOP");
  }
}

const ESCAPE = "\x1b";
/** Of what a guest can switch in a terminal: keys, alternate screen, mouse, focus, pasting. The cursor is to be seen. */
const MODES = new RegExp(`${ESCAPE}\\[\\?([\\d;]+)([hl])`, "g");
const AT_FIRST_ON = new Set(["7", "25"]);
const LONGEST_SEQUENCE = 32;

/** Watches what a guest prints, and tells what puts the terminal right after it: a guest that is left in an editor has switched a lot. */
export class TerminalModes {
  readonly #changed = new Set<string>();
  readonly #decoder = new StringDecoder("latin1");
  #tail = "";

  see(bytes: Buffer): void {
    const text = this.#tail + this.#decoder.write(bytes);
    for (const [, modes = "", set] of text.matchAll(MODES))
      for (const mode of modes.split(";"))
        if ((set === "h") === AT_FIRST_ON.has(mode)) this.#changed.delete(mode);
        else this.#changed.add(mode);
    // A sequence that is cut in two by the chunks.
    const start = text.lastIndexOf(ESCAPE);
    this.#tail = start >= 0 && text.length - start < LONGEST_SEQUENCE ? text.slice(start) : "";
  }

  /** Empty for a guest that printed nothing but text. */
  get restoration(): string {
    const back = [...this.#changed].map((mode) => `\x1b[?${mode}${AT_FIRST_ON.has(mode) ? "h" : "l"}`);
    return back.length === 0 ? "" : `${back.join("")}\x1b[m`;
  }
}

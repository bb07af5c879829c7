const LEAST_BETWEEN_LINES_MS = 5_000;
const LEAST_BETWEEN_REDRAWS_MS = 100;

/** What a long command is at, on stderr: one line that is drawn over on a terminal, elsewhere a line once in a while. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #isQuiet: boolean;
  #lastMs = performance.now();
  #isDrawn = false;

  constructor(stream: NodeJS.WriteStream, { quiet }: { quiet: boolean }) {
    this.#stream = stream;
    this.#isQuiet = quiet;
  }

  step(text: string): void {
    if (this.#isQuiet) return;
    const now = performance.now();
    if (now - this.#lastMs < (this.#stream.isTTY ? LEAST_BETWEEN_REDRAWS_MS : LEAST_BETWEEN_LINES_MS)) return;
    this.#lastMs = now;
    if (!this.#stream.isTTY) {
      this.#stream.write(`${text}\n`);
      return;
    }
    this.#stream.write(`\r\x1b[2K${text.slice(0, (this.#stream.columns ?? 80) - 1)}`);
    this.#isDrawn = true;
  }

  /** Before anything else is written. */
  clear(): void {
    if (this.#isDrawn) this.#stream.write("\r\x1b[2K");
    this.#isDrawn = false;
  }
}

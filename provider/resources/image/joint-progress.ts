/** What several hosts are at, in one line: a resource has one row, and only its last line is seen. */
export class JointProgress {
  readonly #lines = new Map<string, string>();
  readonly #show: (message: string) => void;

  constructor(show: (message: string) => void) {
    this.#show = show;
  }

  say(host: string, message: string): void {
    this.#lines.set(host, message);
    this.#show([...this.#lines.values()].join("; "));
  }

  end(host: string): void {
    this.#lines.delete(host);
  }
}

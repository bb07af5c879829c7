import { setTimeout as sleep } from "node:timers/promises";
import type { LabHost } from "./host.js";

/** What `guest-exec-status` answers. */
interface Execution {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly "out-data"?: string;
  readonly "err-data"?: string;
}

/**
 * A running guest of the image that scripts/debian-guest.mjs builds, driven through its agent: it needs no network, and is there before
 * cloud-init is done.
 */
export class DebianGuest {
  readonly #host: LabHost;
  readonly #domain: string;

  constructor(host: LabHost, domain: string) {
    this.#host = host;
    this.#domain = domain;
  }

  /** Runs a line of shell as root in the guest and gives what it prints; rejects when its exit code isn't 0. */
  async shell(line: string, options: { timeoutMs?: number } = {}): Promise<string> {
    const deadline = performance.now() + (options.timeoutMs ?? 60_000);
    const { pid } = await this.#ask<{ pid: number }>("guest-exec", {
      path: "/bin/sh",
      arg: ["-ec", line],
      "capture-output": true,
    });
    for (;;) {
      const status = await this.#ask<Execution>("guest-exec-status", { pid });
      if (status.exited) {
        const [out, err] = [text(status["out-data"]), text(status["err-data"])];
        if (status.exitcode === 0) return out;
        throw new Error(`${line}: exit ${status.exitcode} in guest ${this.#domain}: ${err || out}`);
      }
      if (performance.now() > deadline) throw new Error(`${line}: not done in time in guest ${this.#domain}`);
      await sleep(500);
    }
  }

  async #ask<Answer>(command: string, options: Record<string, unknown>): Promise<Answer> {
    const request = JSON.stringify({ execute: command, arguments: options });
    const answer = await this.#host.virsh(
      "qemu-agent-command",
      "--timeout",
      "30",
      "--",
      this.#domain,
      request,
    );
    return (JSON.parse(answer) as { return: Answer }).return;
  }
}

function text(base64: string | undefined): string {
  return Buffer.from(base64 ?? "", "base64").toString();
}

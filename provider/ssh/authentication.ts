import type { AnyAuthMethod, AuthenticationType } from "ssh2";
import { printable, SshError } from "./errors.js";
import type { Identities, Identity } from "./identities.js";

/** One login: offers the keys one after the other, and can say afterwards what was tried. */
export class Authentication {
  readonly #user: string;
  readonly #label: string;
  readonly #notes: string[];
  readonly #remaining: Identity[];
  readonly #attempts: string[] = [];
  #accepted: readonly string[] = [];
  #partial = false;

  constructor(user: string, label: string, identities: Identities) {
    this.#user = user;
    this.#label = label;
    this.#notes = [...identities.notes];
    this.#remaining = [...identities.offered];
  }

  /** What ssh2 calls for the next method to try; `false` ends the login. */
  readonly next = (
    methodsLeft: readonly AuthenticationType[] | null,
    partialSuccess: boolean | null,
  ): AnyAuthMethod | false => {
    // Asks which methods the server has; OpenSSH doesn't count it as a failed attempt.
    if (methodsLeft === null) return { type: "none", username: this.#user };
    this.#accepted = methodsLeft;
    if (partialSuccess === true) this.#partial = true;
    const identity = methodsLeft.includes("publickey") ? this.#remaining.shift() : undefined;
    return identity === undefined ? false : this.#method(identity);
  };

  /** What was tried so far, for messages. */
  get attempts(): readonly string[] {
    return this.#attempts;
  }

  /** Notes what the agent or a key complained of while signing; the login goes on with the next key. */
  noteFailure(reason: string): void {
    this.#notes.push(`${this.#attempts.at(-1) ?? "login"}: ${reason}`);
  }

  /** The error for a login that failed; `cause` is what ssh2 or the server said. */
  refused(cause: Error | undefined): SshError {
    const tried =
      this.#attempts.length === 0 ? "no key was there to try" : `tried ${this.#attempts.join(", ")}`;
    const accepts = this.#accepted.length === 0 ? "" : `; the server accepts ${this.#accepted.join(", ")}`;
    const partial = this.#partial ? "; a key was accepted, but the server wants a further method" : "";
    const notes = this.#notes.length === 0 ? "" : `; not tried or failed: ${this.#notes.join("; ")}`;
    const tooMany = /too many auth/i.test(cause?.message ?? "")
      ? `; the server gave up after that many keys (set identityFile, or IdentitiesOnly in the configuration)`
      : "";
    return new SshError(
      "authRefused",
      printable(
        `${this.#label}: the server refuses to log in user ${this.#user}: ${tried}${accepts}${partial}${tooMany}${notes}`,
        4000,
      ),
      { cause, attempts: this.#attempts },
    );
  }

  #method(identity: Identity): AnyAuthMethod {
    this.#attempts.push(identity.label);
    switch (identity.kind) {
      case "key":
        return { type: "publickey", username: this.#user, key: identity.key };
      case "agent":
        return { type: "agent", username: this.#user, agent: identity.agent };
    }
  }
}

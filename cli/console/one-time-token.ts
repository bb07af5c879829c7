import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** A word that nobody can guess, and that is good for one use. */
export class OneTimeToken {
  readonly text = randomBytes(32).toString("base64url");
  #isTaken = false;

  /** True for the first who gives the right one. Takes the same time whatever is given. */
  take(given: string): boolean {
    const isRight = this.matches(given) && !this.#isTaken;
    if (isRight) this.#isTaken = true;
    return isRight;
  }

  matches(given: string): boolean {
    // Digests have one length, whatever the texts have.
    const digest = (text: string) => createHash("sha256").update(text).digest();
    return timingSafeEqual(digest(given), digest(this.text));
  }
}

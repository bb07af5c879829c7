import type { JsonObject } from "./json.js";

/** An error whose message is all that a person needs. Pulumi prints stacks of errors in some calls: this one has none to print. */
export class UserError extends Error {
  override readonly name = "UserError";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.stack = "";
  }

  override toString(): string {
    return this.message;
  }
}

/**
 * An operation that failed after something came to be. Pulumi records `id` and `properties`, shows `reasons` (and not the message), and calls
 * update the next time. With no reasons all of it would be lost.
 */
export class PartialFailure extends UserError {
  readonly id: string;
  readonly properties: JsonObject;
  readonly reasons: string[];

  constructor(id: string, properties: JsonObject, cause: Error) {
    super(cause.message, { cause });
    this.id = id;
    this.properties = properties;
    this.reasons = [cause.message];
  }
}

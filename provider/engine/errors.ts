import type { JsonObject } from "./json.js";

/**
 * An error whose message is all that a person needs. Of failed reads and deletes Pulumi prints `${error}: ${error.stack}` on the row of the whole
 * stack, beside the message on the resource's own: that says here what has failed, and holds no trace.
 */
export class UserError extends Error {
  override readonly name = "UserError";

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.stack = "failed";
  }

  override toString(): string {
    return this.message.split(": ", 1)[0] ?? this.message;
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

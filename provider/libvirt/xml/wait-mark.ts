import type { MarkKind } from "./mark.js";
import { readMark, writeMark } from "./mark.js";

/**
 * A deployment is about to start the guest and will wait until it is ready: noted in the definition before, so that the run has it too, and gone
 * once it was seen ready. Who finds it after a deployment that was cut off in between knows that nobody has waited for this boot.
 */
export const waitMarkKind: MarkKind<true> = {
  uri: "urn:pulumi-kvm:wait:1",
  key: "kvm-wait",
  elementName: "wait",
  read: () => true,
  write: () => undefined,
};

/** Reads whether a guest is still to be waited for. Never throws. */
export function isAwaited(xml: string): boolean {
  return readMark(waitMarkKind, xml) === true;
}

/** The element for DomainSetMetadata. */
export function writeWaitMark(): string {
  return writeMark(waitMarkKind, true);
}

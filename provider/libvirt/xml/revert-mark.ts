import type { MarkKind } from "./mark.js";
import { readMark, requireMarkChoice, requireMarkText, writeMark } from "./mark.js";

/** A domain is about to go back to a snapshot, or in the middle of that: noted in it before, gone with everything else afterwards. */
export interface RevertMark {
  /** The snapshot's name. */
  snapshot: string;
  /** What asked for it. */
  token: string;
  /** Whether the guest ran, and is to run again. */
  wasRunning: boolean;
}

const yesNo = ["yes", "no"] as const;

/** How the note is kept. */
export const revertMarkKind: MarkKind<RevertMark> = {
  uri: "urn:pulumi-kvm:revert:1",
  key: "kvm-revert",
  elementName: "revert",
  read: (element) => ({
    snapshot: requireMarkText(element, "snapshot"),
    token: requireMarkText(element, "token"),
    wasRunning: requireMarkChoice(element, "wasRunning", yesNo) === "yes",
  }),
  write: (element, mark) => {
    element.setAttribute("snapshot", mark.snapshot);
    element.setAttribute("token", mark.token);
    element.setAttribute("wasRunning", mark.wasRunning ? "yes" : "no");
  },
};

/** Reads whether a domain is going back to a snapshot. Never throws. */
export function readRevertMark(xml: string): RevertMark | undefined {
  return readMark(revertMarkKind, xml);
}

/** The element for DomainSetMetadata with `revertMarkKind.uri` and `.key`. */
export function writeRevertMark(mark: RevertMark): string {
  return writeMark(revertMarkKind, mark);
}

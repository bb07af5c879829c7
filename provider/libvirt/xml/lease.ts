import type { MarkKind, OnMarkProblem } from "./mark.js";
import { readMark, requireMarkCount, requireMarkText, withMark, writeMark } from "./mark.js";

/** Which process is at work on a domain or network, and until when others leave it alone. */
export interface Lease {
  /** Random, of one provider process. */
  run: string;
  /** "host/pid", for messages. */
  holder: string;
  expiresAtMs: number;
}

/** How the lease is kept. */
export const leaseKind: MarkKind<Lease> = {
  uri: "urn:pulumi-kvm:lease:1",
  key: "kvm-lease",
  elementName: "lease",
  read: (element) => ({
    run: requireMarkText(element, "run"),
    holder: requireMarkText(element, "holder"),
    expiresAtMs: requireMarkCount(element, "expiresAtMs"),
  }),
  write: (element, lease) => {
    element.setAttribute("run", lease.run);
    element.setAttribute("holder", lease.holder);
    element.setAttribute("expiresAtMs", String(lease.expiresAtMs));
  },
};

/** Reads who is at work; undefined when nobody is, or when the mark can't be read (`onProblem` is told). Never throws. */
export function readLease(xml: string, onProblem?: OnMarkProblem): Lease | undefined {
  return readMark(leaseKind, xml, onProblem);
}

/** The element for DomainSetMetadata with `leaseKind.uri` and `.key`; `over` is the domain's XML, whose unknown attributes are kept. */
export function writeLease(lease: Lease, over?: string): string {
  return writeMark(leaseKind, lease, over);
}

/** The XML of a domain or network with this lease, or without any. */
export function withLease(xml: string, lease: Lease | undefined): string {
  return withMark(leaseKind, xml, lease);
}

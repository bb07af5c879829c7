import type { MarkKind, OnMarkProblem } from "./mark.js";
import { readMark, requireMarkChoice, requireMarkText, withMark, writeMark } from "./mark.js";

/** Whose a domain or network is: the resource that made it, and how far making it got. */
export interface OwnerMark {
  project: string;
  stack: string;
  /** The resource's type: "VirtualMachine", "Network". */
  type: string;
  /** The resource's Pulumi name. */
  name: string;
  /** Decides whether an object is ours, whatever it and its resource are called by now. */
  nonce: string;
  phase: "creating" | "created";
  /** It was there before it became that resource's. */
  adopted?: true;
  /** Of the domain. A copy that somebody makes of it has the mark as well, and a UUID of its own. */
  uuid?: string;
}

/** How the owner mark is kept. */
export const ownerMarkKind: MarkKind<OwnerMark> = {
  uri: "urn:pulumi-kvm:owner:1",
  key: "kvm-owner",
  elementName: "owner",
  read: (element) => {
    const uuid = element.getAttribute("uuid");
    return {
      project: requireMarkText(element, "project"),
      stack: requireMarkText(element, "stack"),
      type: requireMarkText(element, "type"),
      name: requireMarkText(element, "name"),
      nonce: requireMarkText(element, "nonce"),
      phase: requireMarkChoice(element, "phase", ["creating", "created"]),
      ...(element.getAttribute("adopted") === "yes" ? { adopted: true } : {}),
      ...(uuid === null ? {} : { uuid }),
    };
  },
  write: (element, mark) => {
    element.setAttribute("project", mark.project);
    element.setAttribute("stack", mark.stack);
    element.setAttribute("type", mark.type);
    element.setAttribute("name", mark.name);
    element.setAttribute("nonce", mark.nonce);
    element.setAttribute("phase", mark.phase);
    if (mark.adopted) element.setAttribute("adopted", "yes");
    else element.removeAttribute("adopted");
    if (mark.uuid !== undefined) element.setAttribute("uuid", mark.uuid);
  },
};

/** Reads whose a domain or network is; undefined when it has no mark, or none that can be read (`onProblem` is told). Never throws. */
export function readOwnerMark(xml: string, onProblem?: OnMarkProblem): OwnerMark | undefined {
  return readMark(ownerMarkKind, xml, onProblem);
}

/** The element for DomainSetMetadata with `ownerMarkKind.uri` and `.key`; `over` is the domain's XML, whose unknown attributes are kept. */
export function writeOwnerMark(mark: OwnerMark, over?: string): string {
  return writeMark(ownerMarkKind, mark, over);
}

/** The XML of a domain or network with this owner mark, or without any. */
export function withOwnerMark(xml: string, mark: OwnerMark | undefined): string {
  return withMark(ownerMarkKind, xml, mark);
}

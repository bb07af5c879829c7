import { removeElement } from "./element.js";
import { addMarkChild, type MarkKind, markChildren, readMark, requireMarkText, withMark } from "./mark.js";

/** A property of a definition, as JSON, before a deployment changed it and as that deployment left it. */
export interface AttemptedChange {
  before: string;
  after: string;
}

/**
 * What a deployment that hasn't come to its end has made of a definition, by the model's property. It is part of the change itself: whoever finds
 * it knows what nobody has declared for good yet. Of devices that are told apart by name the names.
 */
export type AttemptNote = Readonly<Record<string, AttemptedChange>>;

export const attemptNoteKind: MarkKind<AttemptNote> = {
  uri: "urn:pulumi-kvm:attempt:1",
  key: "kvm-attempt",
  elementName: "attempt",
  read: (element) =>
    Object.fromEntries(
      markChildren(element, "change").map((child) => [
        requireMarkText(child, "property"),
        { before: requireMarkText(child, "before"), after: requireMarkText(child, "after") },
      ]),
    ),
  write: (element, note) => {
    for (const child of markChildren(element, "change")) removeElement(child);
    for (const [property, { before, after }] of Object.entries(note)) {
      const child = addMarkChild(element, "change");
      child.setAttribute("property", property);
      child.setAttribute("before", before);
      child.setAttribute("after", after);
    }
  },
};

/** The note in a definition; undefined when there is none, or none that can be read. */
export function readAttemptNote(persistentXml: string): AttemptNote | undefined {
  return readMark(attemptNoteKind, persistentXml);
}

export function withAttemptNote(xml: string, note: AttemptNote): string {
  return withMark(attemptNoteKind, xml, note);
}

import { removeElement } from "./element.js";
import type { MarkKind, OnMarkProblem } from "./mark.js";
import { addMarkChild, markChildren, readMark, requireMarkText, withMark, writeMark } from "./mark.js";

/**
 * What there is to remember of one run of a guest. It stands in the live document alone, so that it goes with the run, and moves along when
 * the guest migrates.
 */
export interface RunNotes {
  /**
   * What the guest, or its host, didn't go along with when it was changed live: such a change waits for the next boot, instead of being tried
   * again by every deployment. `to` is the value as JSON.
   */
  declined: readonly { path: string; to: string }[];
  /**
   * Values that the guest was started with, as JSON by the model's property, where its definition has been changed since and the live document
   * doesn't tell.
   */
  startedWith: Readonly<Record<string, string>>;
}

export const noRunNotes: RunNotes = { declined: [], startedWith: {} };

/** How they are kept. */
export const runNotesKind: MarkKind<RunNotes> = {
  uri: "urn:pulumi-kvm:run:1",
  key: "kvm-run",
  elementName: "run",
  read: (element) => ({
    declined: markChildren(element, "declined").map((child) => ({
      path: requireMarkText(child, "path"),
      to: requireMarkText(child, "to"),
    })),
    startedWith: Object.fromEntries(
      markChildren(element, "startedWith").map((child) => [
        requireMarkText(child, "property"),
        requireMarkText(child, "value"),
      ]),
    ),
  }),
  write: (element, notes) => {
    for (const name of ["declined", "startedWith"])
      for (const child of markChildren(element, name)) removeElement(child);
    for (const { path, to } of notes.declined) {
      const child = addMarkChild(element, "declined");
      child.setAttribute("path", path);
      child.setAttribute("to", to);
    }
    for (const [property, value] of Object.entries(notes.startedWith)) {
      const child = addMarkChild(element, "startedWith");
      child.setAttribute("property", property);
      child.setAttribute("value", value);
    }
  },
};

/** The notes of a live document; none when they can't be read (`onProblem` is told). Never throws. */
export function readRunNotes(liveXml: string, onProblem?: OnMarkProblem): RunNotes {
  return readMark(runNotesKind, liveXml, onProblem) ?? noRunNotes;
}

/** The element for DomainSetMetadata. */
export function writeRunNotes(notes: RunNotes): string {
  return writeMark(runNotesKind, notes);
}

/** A document that isn't to have any: what is made of a live one is another run's. */
export function withoutRunNotes(xml: string): string {
  return xml.includes(runNotesKind.uri) ? withMark(runNotesKind, xml, undefined) : xml;
}

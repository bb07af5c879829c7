import type { Document } from "@xmldom/xmldom";
import { rootOf } from "./document.js";
import { removeElement } from "./element.js";
import { addMarkChild, type MarkKind, markChildren, readMarkOf, requireMarkJson, setMark } from "./mark.js";
import { type PatchUndo, undoPatch } from "./patch-undo.js";
import { type AppliedPatch, patchDocument, type XmlPatch } from "./patches.js";

/**
 * The patches that a document has, beside what they are undone by. It stands in the document itself and goes wherever that goes: a guest's
 * live document tells what it was started with.
 */
export const patchNotesKind: MarkKind<readonly AppliedPatch[]> = {
  uri: "urn:pulumi-kvm:xml:1",
  key: "kvm-xml",
  elementName: "patches",
  // As JSON, since libvirt doesn't keep every blank.
  read: (element) =>
    markChildren(element, "patch").map((child) => ({
      patch: requireMarkJson(child, "is") as XmlPatch,
      undo: requireMarkJson(child, "undo") as PatchUndo[],
    })),
  write: (element, applied) => {
    for (const child of markChildren(element, "patch")) removeElement(child);
    for (const { patch, undo } of applied) {
      const child = addMarkChild(element, "patch");
      child.setAttribute("is", JSON.stringify(patch));
      child.setAttribute("undo", JSON.stringify(undo));
    }
  },
};

/** Takes the patches that a document has out of it, with their note, and says which they were. */
export function takePatchesOut(document: Document): XmlPatch[] {
  const root = rootOf(document);
  const applied = readMarkOf(patchNotesKind, root);
  if (applied === undefined) return [];
  for (const { undo } of [...applied].reverse())
    for (const change of [...undo].reverse()) undoPatch(document, change);
  setMark(patchNotesKind, root, undefined);
  return applied.map(({ patch }) => patch);
}

/** Puts patches into a document that has none, and notes them. */
export function putPatchesIn(document: Document, patches: readonly XmlPatch[]): void {
  if (patches.length === 0) return;
  const applied = patchDocument(document, patches);
  setMark(patchNotesKind, rootOf(document), applied);
}

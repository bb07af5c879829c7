import { isDeepStrictEqual } from "node:util";
import type { Document } from "@xmldom/xmldom";
import { parseXml, rootOf } from "./document.js";
import { removeElement } from "./element.js";
import {
  addMarkChild,
  type MarkKind,
  markChildren,
  readMarkOf,
  requireMarkJson,
  setMark,
  writeMark,
} from "./mark.js";
import { type PatchUndo, undoPatch, wordsAt, wordsOf } from "./patch-undo.js";
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

/**
 * Takes the patches that a document has out of it, with their note, and says which they were. What somebody has edited in a definition since isn't
 * what was patched: such a patch is told with the value found, or not at all.
 */
export function takePatchesOut(document: Document): XmlPatch[] {
  const root = rootOf(document);
  const applied = readMarkOf(patchNotesKind, root);
  if (applied === undefined) return [];
  // Live documents have values of the run.
  const isDefinition = !root.hasAttribute("id");
  const found = [...applied].reverse().map(({ patch, undo }) => {
    let as: XmlPatch | undefined = patch;
    for (const change of [...undo].reverse()) {
      const words = isDefinition ? wordsAt(document, change) : undefined;
      if (words !== undefined && words !== wordsOf(change, "set" in patch ? patch.set : undefined))
        as = "set" in patch && !words.startsWith("\0") ? { ...patch, set: words } : undefined;
      undoPatch(document, change);
    }
    return as;
  });
  setMark(patchNotesKind, root, undefined);
  return found.reverse().filter((patch) => patch !== undefined);
}

/**
 * The note about the patches of a definition that was just made, if libvirt has kept something of them in other words than they were given in:
 * these words are no edit of somebody's. Undefined when it hasn't.
 */
export function patchNotesAsKept(xml: string): string | undefined {
  const document = parseXml(xml, "domain");
  const applied = readMarkOf(patchNotesKind, rootOf(document));
  if (applied === undefined) return undefined;
  let isReworded = false;
  const kept = [...applied].reverse().map(({ patch, undo }) => {
    const changes = [...undo].reverse().map((change): PatchUndo => {
      const words = wordsAt(document, change);
      undoPatch(document, change);
      if (words === undefined || words === wordsOf(change, "set" in patch ? patch.set : undefined))
        return change;
      isReworded = true;
      return { ...change, kept: words };
    });
    return { patch, undo: changes.reverse() };
  });
  return isReworded ? writeMark(patchNotesKind, kept.reverse(), xml) : undefined;
}

/**
 * Puts patches into a document that has none, and notes them.
 *
 * @param former - the notes of the document before: in whose words libvirt keeps a patch that stays needn't be found out again.
 */
export function putPatchesIn(
  document: Document,
  patches: readonly XmlPatch[],
  former: readonly AppliedPatch[] = [],
): void {
  if (patches.length === 0) return;
  const applied = patchDocument(document, patches).map(({ patch, undo }) => {
    const before = former.find((other) => isDeepStrictEqual(other.patch, patch))?.undo ?? [];
    const isSame = (a: PatchUndo, b: PatchUndo) => a.kind === b.kind && isDeepStrictEqual(a.at, b.at);
    const kept = (change: PatchUndo) => before.find((other) => isSame(other, change))?.kept;
    return { patch, undo: undo.map((change) => withKept(change, kept(change))) };
  });
  setMark(patchNotesKind, rootOf(document), applied);
}

function withKept(change: PatchUndo, kept: string | undefined): PatchUndo {
  return kept === undefined ? change : { ...change, kept };
}

/** What a document says of the patches that it has. */
export function patchNotesOf(document: Document): readonly AppliedPatch[] {
  return readMarkOf(patchNotesKind, rootOf(document)) ?? [];
}

import type { CloudInit } from "./cloud-init.js";
import { documentKey } from "./document.js";
import { cloudInitMedium, instanceId, type Medium } from "./medium.js";

/** The files that aren't the same in two media, by name. */
export function changedFiles(from: Medium, to: Medium): string[] {
  const keys = (medium: Medium) =>
    new Map(medium.documents.map((document) => [document.path, documentKey(document)]));
  const [before, after] = [keys(from), keys(to)];
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path)).map(baseName);
}

/** Whether a guest that knows one seed takes itself for a new instance when it finds the other. */
export function isNewInstance(
  from: { inputs: CloudInit; name: string },
  to: { inputs: CloudInit; name: string },
): boolean {
  const idOf = ({ inputs, name }: typeof from) =>
    instanceId(inputs, "UUID", cloudInitMedium(inputs, name).digest);
  return idOf(from) !== idOf(to);
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

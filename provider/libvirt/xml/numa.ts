import type { Element } from "@xmldom/xmldom";
import { canonicalCpuSet } from "./cpu-set.js";
import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeChildren,
  removeElement,
  setAttribute,
  sketch,
} from "./element.js";
import {
  memorySize,
  parseCount,
  parseSizeBytes,
  sameValue,
  wholeMebibytes,
  withoutUndefined,
} from "./value.js";

/** A NUMA node that the guest sees. */
export interface NumaCell {
  /** Its CPUs, "0-3". */
  cpus: string;
  memoryBytes: number;
  memAccess?: "shared" | "private";
  /** To each cell, in their order; 10 to itself. */
  distances?: number[];
}

/** The cells of a domain's `<cpu>`; empty when it has none. */
export function readNumaCells(domain: Element): NumaCell[] {
  const cells = cellElements(domain);
  return cells.map((cell) =>
    withoutUndefined({
      cpus: cpusOf(cell),
      memoryBytes: wholeMebibytes(sizeOfCell(cell)),
      memAccess: memAccessOf(cell),
      distances: distancesOf(cell, cells.length),
    }),
  );
}

/** The sizes of the cells as they are written. */
export function cellSizes(domain: Element): number[] {
  return cellElements(domain).map(sizeOfCell);
}

function sizeOfCell(cell: Element): number {
  return parseSizeBytes(attributeOf(cell, "memory") ?? "0", attributeOf(cell, "unit"), "KiB");
}

/** Makes the cells these; what else stands in a cell stays. */
export function writeNumaCells(domain: Element, cells: readonly NumaCell[]): void {
  const cpu = childElement(domain, "cpu");
  if (cells.length === 0) {
    if (cpu === undefined) return;
    removeChildren(cpu, "numa");
    dropEmptyCpu(cpu);
    return;
  }
  if (sameValue(readNumaCells(domain), cells)) return;
  const numa = ensureChild(ensureCpu(domain), "numa");
  const present = cellElements(domain);
  for (const cell of present.slice(cells.length)) removeElement(cell);
  cells.forEach((cell, index) => {
    const element = present[index] ?? insertChild(numa, sketch("cell", { id: String(index) }), ["cell"]);
    if (present[index] === undefined || cpusOf(element) !== cell.cpus)
      setAttribute(element, "cpus", cell.cpus || undefined);
    const size = memorySize(cell.memoryBytes);
    setAttribute(element, "memory", size.text);
    setAttribute(element, "unit", size.unit);
    setAttribute(element, "memAccess", cell.memAccess);
    if (sameValue(distancesOf(element, cells.length), cell.distances)) return;
    removeChildren(element, "distances");
    if (cell.distances === undefined) return;
    const siblings = cell.distances.map((value, id) =>
      sketch("sibling", { id: String(id), value: String(value) }),
    );
    insertChild(element, sketch("distances", {}, siblings), []);
  });
}

/** The `<cpu>` of a domain, made when it has none. */
export function ensureCpu(domain: Element): Element {
  return ensureChild(domain, "cpu", ["name", "os", "features"]);
}

/** Removes a `<cpu>` that says nothing any more. */
export function dropEmptyCpu(cpu: Element): void {
  if (cpu.firstChild === null && cpu.attributes.length === 0) removeElement(cpu);
}

/** In the order of their ids, which libvirt gives them in the order of the document. */
function cellElements(domain: Element): Element[] {
  const cells = childElements(childElement(childElement(domain, "cpu"), "numa"), "cell");
  const idOf = (cell: Element, index: number) => parseCount(attributeOf(cell, "id")) ?? index;
  return cells
    .map((cell, index) => ({ cell, id: idOf(cell, index) }))
    .sort((a, b) => a.id - b.id)
    .map(({ cell }) => cell);
}

/** Empty: a cell of memory alone. */
function cpusOf(cell: Element): string {
  const text = attributeOf(cell, "cpus") ?? "";
  return canonicalCpuSet(text) ?? text;
}

function memAccessOf(cell: Element): NumaCell["memAccess"] {
  const access = attributeOf(cell, "memAccess");
  return access === "shared" || access === "private" ? access : undefined;
}

// libvirt writes down the whole table as soon as one distance is given.
function distancesOf(cell: Element, cells: number): number[] | undefined {
  const siblings = childElements(childElement(cell, "distances"), "sibling");
  if (siblings.length === 0) return undefined;
  const values = new Map(
    siblings.map((sibling) => [
      parseCount(attributeOf(sibling, "id")),
      parseCount(attributeOf(sibling, "value")),
    ]),
  );
  return Array.from({ length: cells }, (_, id) => values.get(id) ?? 0);
}

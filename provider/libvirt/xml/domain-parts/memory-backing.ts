import { canonicalCpuSet } from "../cpu-set.js";
import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeChildren,
  setAttribute,
  setFlag,
  sketch,
} from "../element.js";
import { memorySize, parseSizeBytes, sameValue, withoutUndefined } from "../value.js";
import type { DomainPart } from "./part.js";
import { editSection } from "./section.js";

/** Pages of the host of a size of their own; for some of the guest's NUMA cells, or for all. */
export interface HugePages {
  sizeBytes: number;
  nodeset?: string;
}

/** What the guest's memory is made of on the host. */
export interface MemoryBacking {
  /** Empty: of the host's default size. */
  hugePages?: HugePages[];
  noSharePages?: true;
  locked?: true;
  source?: string;
  access?: string;
  allocation?: string;
  discard?: true;
}

export const memoryBacking: DomainPart<MemoryBacking> = {
  read: (domain) => {
    const section = childElement(domain, "memoryBacking");
    if (section === undefined) return undefined;
    const flag = (name: string) => (childElement(section, name) === undefined ? undefined : true);
    const backing = withoutUndefined({
      hugePages: hugePagesOf(section),
      noSharePages: flag("nosharepages"),
      locked: flag("locked"),
      source: attributeOf(childElement(section, "source"), "type"),
      access: attributeOf(childElement(section, "access"), "mode"),
      allocation: attributeOf(childElement(section, "allocation"), "mode"),
      discard: flag("discard"),
    } as const);
    return Object.keys(backing).length === 0 ? undefined : backing;
  },
  write: (domain, value) =>
    editSection(domain, "memoryBacking", value, (section) => {
      writeHugePages(section, value?.hugePages);
      setFlag(section, "nosharepages", value?.noSharePages === true);
      setFlag(section, "locked", value?.locked === true);
      for (const [name, attribute, text] of [
        ["source", "type", value?.source],
        ["access", "mode", value?.access],
        ["allocation", "mode", value?.allocation],
      ] as const) {
        if (text !== undefined) setAttribute(ensureChild(section, name), attribute, text);
        else if (attributeOf(childElement(section, name), attribute) !== undefined)
          removeChildren(section, name);
      }
      setFlag(section, "discard", value?.discard === true);
    }),
};

function hugePagesOf(section: Parameters<typeof childElement>[0]): HugePages[] | undefined {
  const hugepages = childElement(section, "hugepages");
  if (hugepages === undefined) return undefined;
  return childElements(hugepages, "page").map((page) => {
    const nodeset = attributeOf(page, "nodeset");
    return withoutUndefined({
      sizeBytes: parseSizeBytes(attributeOf(page, "size") ?? "", attributeOf(page, "unit"), "KiB"),
      nodeset: nodeset === undefined ? undefined : (canonicalCpuSet(nodeset) ?? nodeset),
    });
  });
}

function writeHugePages(section: Parameters<typeof removeChildren>[0], pages: HugePages[] | undefined): void {
  if (sameValue(hugePagesOf(section), pages)) return;
  removeChildren(section, "hugepages");
  if (pages === undefined) return;
  const sketches = pages.map(({ sizeBytes, nodeset }) => {
    const { text, unit } = memorySize(sizeBytes);
    return sketch("page", { size: text, unit, nodeset });
  });
  insertChild(section, sketch("hugepages", {}, sketches), []);
}

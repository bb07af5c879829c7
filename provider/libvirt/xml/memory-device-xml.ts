import { newDocument, parseXml, rootOf } from "./document.js";
import { attributeOf, childElement, ensureChild, fill, setAttribute, setText, sketch } from "./element.js";
import { memoryModules } from "./memory.js";
import { serializeElement } from "./serialize.js";
import { memorySize } from "./value.js";

/** The XML of a new memory module, in the guest's first NUMA node. */
export function dimmXml(sizeBytes: number): string {
  const size = memorySize(sizeBytes);
  const document = newDocument("memory");
  const made = sketch("memory", { model: "dimm" }, [
    sketch("target", {}, [sketch("size", { unit: size.unit }, size.text), sketch("node", {}, "0")]),
  ]);
  fill(document, rootOf(document), made, 0);
  return serializeElement(rootOf(document));
}

/** A memory device of a live document, told to give so much; undefined when there is none of that alias. */
export function memoryDeviceXml(
  liveXml: string,
  alias: string,
  change: { requestedBytes?: number } = {},
): string | undefined {
  const device = memoryModules(rootOf(parseXml(liveXml, "domain"))).find(
    (module) => attributeOf(childElement(module, "alias"), "name") === alias,
  );
  if (device === undefined) return undefined;
  if (change.requestedBytes !== undefined) {
    const size = memorySize(change.requestedBytes);
    const requested = ensureChild(ensureChild(device, "target"), "requested");
    setAttribute(requested, "unit", size.unit);
    setText(requested, size.text);
  }
  return serializeElement(device);
}

import { newDocument, parseXml, rootOf } from "./document.js";
import { attributeOf, childElement, childElements, childText } from "./element.js";
import { serialize } from "./serialize.js";

/**
 * The CPU that guests of the mode "host-model" get on a host, as a `<cpu>` that can be compared with others; undefined where libvirt doesn't say.
 *
 * @param xml the host's domain capabilities.
 */
export function hostModelCpu(xml: string): string | undefined {
  const cpu = childElement(rootOf(parseXml(xml, "domainCapabilities")), "cpu");
  const mode = childElements(cpu, "mode").find(
    (each) => attributeOf(each, "name") === "host-model" && attributeOf(each, "supported") === "yes",
  );
  if (mode === undefined || childElement(mode, "model") === undefined) return undefined;
  const document = newDocument("cpu");
  const root = rootOf(document);
  root.setAttribute("mode", "custom");
  root.setAttribute("match", "exact");
  for (let node = mode.firstChild; node !== null; node = node.nextSibling)
    root.appendChild(document.importNode(node, true));
  return serialize(document);
}

/** What a `<cpu>` is called, and what it needs beyond the model. */
export function cpuSummary(xml: string): { model: string | undefined; required: string[] } {
  const cpu = rootOf(parseXml(xml, "cpu"));
  return {
    model: childText(cpu, "model"),
    required: childElements(cpu, "feature").flatMap((feature) =>
      attributeOf(feature, "policy") === "disable" ? [] : (attributeOf(feature, "name") ?? []),
    ),
  };
}

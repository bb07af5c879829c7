import { attributeOf, childElement, childElements, textOf } from "./element.js";
import { readXml } from "./read-xml.js";

/** What a host can give to guests of one kind of machine and accelerator. Lists are as libvirt names things, empty where it has none. */
export interface DomainCapabilities {
  /** "efi" where the host has an image of that firmware for the machine. */
  firmware: string[];
  /** An image among them protects its variables, as secure boot needs. */
  secureBoot: boolean;
  tpmModels: string[];
  /** "emulator" where swtpm is installed. */
  tpmBackends: string[];
  /** "1.2", "2.0"; empty where libvirt doesn't say (before 8.4). */
  tpmVersions: string[];
  graphics: string[];
  videoModels: string[];
  /** Modes of the guest's CPU; undefined where libvirt doesn't say. */
  cpuModes: string[] | undefined;
  /** Models by name, and whether the host's CPU has all that they have; undefined where libvirt doesn't say. */
  cpuModels: { name: string; usable: boolean }[] | undefined;
  /** Hyper-V enlightenments; undefined where libvirt doesn't say (before 8.1). */
  hyperv: string[] | undefined;
}

/**
 * Reads the domain capabilities of a host.
 * @throws XmlError when it is no `<domainCapabilities>` document.
 */
export function parseDomainCapabilities(xml: string): DomainCapabilities {
  const root = readXml(xml, "domainCapabilities");
  const os = childElement(root, "os");
  const devices = childElement(root, "devices");
  const device = (name: string, list: string) => valuesOf(supported(childElement(devices, name)), list);
  const hyperv = childElement(childElement(root, "features"), "hyperv");
  return {
    firmware: valuesOf(os, "firmware"),
    secureBoot: valuesOf(childElement(os, "loader"), "secure").includes("yes"),
    tpmModels: device("tpm", "model"),
    tpmBackends: device("tpm", "backendModel"),
    tpmVersions: device("tpm", "backendVersion"),
    graphics: device("graphics", "type"),
    videoModels: device("video", "modelType"),
    ...cpus(childElement(root, "cpu")),
    hyperv: hyperv === undefined ? undefined : valuesOf(supported(hyperv), "features"),
  };
}

function cpus(cpu: Parent): Pick<DomainCapabilities, "cpuModes" | "cpuModels"> {
  if (cpu === undefined) return { cpuModes: undefined, cpuModels: undefined };
  const modes = childElements(cpu, "mode").filter((mode) => attributeOf(mode, "supported") === "yes");
  const custom = modes.find((mode) => attributeOf(mode, "name") === "custom");
  return {
    cpuModes: modes.map((mode) => attributeOf(mode, "name") ?? ""),
    cpuModels: childElements(custom, "model").map((model) => ({
      name: textOf(model) ?? "",
      usable: attributeOf(model, "usable") !== "no",
    })),
  };
}

type Parent = ReturnType<typeof childElement>;

function supported(element: Parent): Parent {
  return attributeOf(element, "supported") === "no" ? undefined : element;
}

/** The values of an `<enum>`. */
function valuesOf(parent: Parent, name: string): string[] {
  const list = childElements(parent, "enum").find((element) => attributeOf(element, "name") === name);
  return childElements(list, "value").flatMap((value) => textOf(value) ?? []);
}

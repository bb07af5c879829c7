import {
  buildDomain,
  type DomainModel,
  parseDomain,
  patchDomain,
  XmlError,
  type XmlErrorKind,
} from "../../libvirt/xml/index.js";
import type { Refusal } from "../../planning/plan.js";
import { virsh } from "../virsh.js";
import type { ObservedHost } from "./observed.js";
import { withPaths } from "./paths.js";

const ofPatches = new Set<XmlErrorKind>(["patchInvalid", "patchForbidden", "patchMatchesNothing"]);

/** What is wrong with the `xml` patches, tried on the definition that the host has, or will be given. */
export function patchRefusals(model: DomainModel, place: ObservedHost): Refusal[] {
  if (model.patches === undefined) return [];
  const { persistentXml, liveXml } = place.domain?.record ?? {};
  const xml = persistentXml ?? liveXml;
  const desired = withPaths(model, place);
  try {
    if (xml === undefined) buildDomain(desired);
    else {
      const current = parseDomain(xml);
      patchDomain(xml, { ...desired, name: current.name }, current);
    }
    return [];
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    // Of a pool that the same deployment makes no path is known yet.
    if (error.kind === "notModelled") return [];
    if (!ofPatches.has(error.kind)) throw error;
    return [{ kind: "notSupported", message: `${error.message}${wayOut(error.kind, model.name, place)}` }];
  }
}

function wayOut(kind: XmlErrorKind, name: string, place: ObservedHost): string {
  if (kind !== "patchMatchesNothing") return "";
  return place.domain === undefined
    ? " in a new definition, which lacks what libvirt adds to it by itself; append what is needed, or patch once the virtual machine is there"
    : ` in the definition of ${name} on ${place.ref.name}; compare it with: ${virsh("dumpxml", "--inactive", name)}`;
}

import { isDeepStrictEqual } from "node:util";
import { oneLine } from "../../hosts/errors.js";
import type { Libvirt } from "../../libvirt/index.js";
import { isLibvirtError } from "../../libvirt/index.js";
import {
  buildDomain,
  type DomainModel,
  parseDomain,
  patchDomain,
  XmlError,
} from "../../libvirt/xml/index.js";
import type { ObserveContext } from "../definition.js";
import { desiredModel } from "./desired.js";
import { desiredAt } from "./desired-at.js";
import { textOf } from "./features/xml-patches.js";
import { type ObservedHost, type ObservedMachine, whereItIs } from "./observed.js";
import { withDefaults } from "./os-defaults.js";
import { withPaths } from "./paths.js";
import type { MachineRequest } from "./request.js";

/** libvirt wants one in a document that it only looks at. */
const ANY_UUID = "2f1a3a5c-6c0e-4d0c-9a64-5c8f0f6b7a11";

/**
 * What libvirt on the VM's host says to the values that new patches give, asked in a preview by having it translate the definition into QEMU's
 * command line, which changes nothing. It doesn't look at its schema for that: elements that it doesn't know show only when they are defined.
 */
export async function tryPatches(
  declared: MachineRequest,
  observed: ObservedMachine,
  { hosts }: ObserveContext,
): Promise<string | undefined> {
  const { inputs, previous } = declared;
  const { xml = [] } = inputs;
  const place = whereItIs(observed) ?? observed.target;
  const isKnown = place.domain !== undefined && isDeepStrictEqual(xml, previous?.xml);
  if (declared.chosen !== undefined || xml.length === 0 || isKnown) return undefined;
  const documents = documentsOf(withDefaults(declared, observed), place);
  if (documents === undefined) return undefined;
  const refusalOf = (problem: string) =>
    `${place.ref.name} doesn't take the definition with the xml patches (${documents.patches}): ${problem}`;
  return hosts
    .get(place.ref)
    .idempotent(async (libvirt) => {
      const problem = await problemOf(libvirt, documents.patched);
      if (problem === undefined) return undefined;
      // Where the rest is no better it isn't the patches' fault, and its own tests will tell.
      return (await problemOf(libvirt, documents.plain)) === undefined ? refusalOf(problem) : undefined;
    })
    .catch(() => undefined);
}

function documentsOf(
  request: MachineRequest,
  place: ObservedHost,
): { patches: string; patched: string; plain: string } | undefined {
  const { persistentXml, liveXml } = place.domain?.record ?? {};
  const xml = persistentXml ?? liveXml;
  const definition = place.domain?.persistent ?? place.domain?.live;
  const write = (model: DomainModel) => {
    if (xml === undefined) return buildDomain(withPaths(model, place));
    const current = parseDomain(xml);
    return patchDomain(xml, { ...withPaths(model, place), name: current.name }, current);
  };
  const desired =
    definition === undefined
      ? desiredModel(request.inputs, undefined, undefined, { uuid: ANY_UUID, facts: place.facts })
      : desiredAt(request, place, definition);
  try {
    const { patches, ...plain } = desired;
    return { patches: textOf(patches), patched: write(desired), plain: write(plain) };
  } catch (error) {
    // The plan says it better, or nobody knows a path yet.
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}

async function problemOf({ domains }: Libvirt, xml: string): Promise<string | undefined> {
  try {
    await domains.xmlToNative(xml);
    return undefined;
  } catch (error) {
    if (isLibvirtError(error, "xmlInvalid", "configUnsupported")) return oneLine(error.cause ?? error);
    throw error;
  }
}

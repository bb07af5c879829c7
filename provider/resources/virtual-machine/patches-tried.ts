import { isDeepStrictEqual } from "node:util";
import { oneLine } from "../../hosts/errors.js";
import { isLibvirtError, type Libvirt, LibvirtError } from "../../libvirt/index.js";
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
 * What libvirt on the VM's host says to new patches, asked in a preview in two ways that change nothing: by having the definition translated into
 * QEMU's command line, for which values have to be right, and by its schema, which knows what elements there are and where.
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
  const write = writerOf(withDefaults(declared, observed), place);
  if (write === undefined) return undefined;
  return hosts
    .get(place.ref)
    .idempotent(async ({ domains }) => {
      for (const problemOf of [byTranslation, bySchema]) {
        if ((await problemOf(domains, write.with(xml.length))) === undefined) continue;
        for (let count = 0; count <= xml.length; count++) {
          const problem = await problemOf(domains, write.with(count));
          if (problem === undefined) continue;
          // Where the rest is no better it isn't the patches' fault, and its own tests will tell.
          if (count === 0) break;
          return `xml[${count - 1}]: ${place.ref.name} doesn't take the definition with this patch (${write.patchText(count - 1)}): ${problem}`;
        }
      }
      return undefined;
    })
    .catch(() => undefined);
}

/** Writes the definition with the first patches alone; undefined where it can't be written. */
function writerOf(
  request: MachineRequest,
  place: ObservedHost,
): { with(count: number): string; patchText(index: number): string } | undefined {
  const { persistentXml, liveXml } = place.domain?.record ?? {};
  const xml = persistentXml ?? liveXml;
  const definition = place.domain?.persistent ?? place.domain?.live;
  const { patches = [], ...plain } =
    definition === undefined
      ? desiredModel(request.inputs, undefined, undefined, { uuid: ANY_UUID, facts: place.facts })
      : desiredAt(request, place, definition);
  const write = (count: number) => {
    const model: DomainModel = count === 0 ? plain : { ...plain, patches: patches.slice(0, count) };
    if (xml === undefined) return buildDomain(withPaths(model, place));
    const current = parseDomain(xml);
    return patchDomain(xml, { ...withPaths(model, place), name: current.name }, current);
  };
  try {
    write(patches.length);
    return { with: write, patchText: (index) => textOf(patches.slice(index, index + 1)) };
  } catch (error) {
    // The plan says it better, or nobody knows a path yet.
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}

type Domains = Libvirt["domains"];

async function bySchema(domains: Domains, xml: string): Promise<string | undefined> {
  const problem = await domains.schemaProblem(xml);
  return problem === undefined ? undefined : oneLine(problem);
}

async function byTranslation(domains: Domains, xml: string): Promise<string | undefined> {
  try {
    await domains.xmlToNative(xml);
    return undefined;
  } catch (error) {
    if (isLibvirtError(error, "xmlInvalid", "configUnsupported")) return oneLine(error.cause ?? error);
    // A pool that the same deployment makes isn't there yet, for one: only what comes before that has been looked at.
    if (isAnswer(error)) return undefined;
    throw error;
  }
}

function isAnswer(error: unknown): boolean {
  return error instanceof LibvirtError && error.code !== undefined;
}

import type { DomainModel } from "../../../libvirt/xml/index.js";
import type { Step } from "../../../planning/step.js";
import { changedFiles, isNewInstance } from "../../../seeds/changes.js";
import { cloudInitMedium } from "../../../seeds/medium.js";
import type { MachineRequest } from "../request.js";
import type { Inputs } from "../schema.js";
import { bootMedia, mediumInputOfSource } from "./boot-media.js";

export const AS_ON_FIRST_BOOT = "cloud-init runs as on a first boot";
/** cloud-init keeps what it has done for each instance-id. */
export const UNLESS_HAD = "unless the guest has had this instance-id before";
const AS_AT_EVERY_BOOT = "cloud-init does what it does at every boot";
/** Its setting `updates.network.when` can say otherwise. */
const NOT_THE_NETWORK =
  ", to which the network configuration doesn't belong by default; newInstanceOnChange: true applies it";

/** What cloud-init does in a guest that finds another seed than before. */
export function instanceText(
  from: Pick<Inputs, "name" | "cloudInit">,
  to: Pick<Inputs, "name" | "cloudInit">,
): string | undefined {
  if (from.cloudInit === undefined || to.cloudInit === undefined) return undefined;
  const [before, after] = [
    { inputs: from.cloudInit, name: from.name },
    { inputs: to.cloudInit, name: to.name },
  ];
  if (isNewInstance(before, after)) return `the instance-id changes: ${AS_ON_FIRST_BOOT}, ${UNLESS_HAD}`;
  const mediumOf = ({ inputs, name }: typeof after) => cloudInitMedium(inputs, name);
  const isLeft = changedFiles(mediumOf(before), mediumOf(after)).includes("network-config");
  return `the instance-id stays: ${AS_AT_EVERY_BOOT}${isLeft ? NOT_THE_NETWORK : ""}`;
}

/** Of a restart that brings a seed which waits since a former deployment: this one's steps don't write it, and say nothing of it. */
export function waitingSeedWarnings(
  { inputs, previous }: MachineRequest,
  live: DomainModel | undefined,
  steps: readonly Step[],
): string[] {
  const [seed] = bootMedia(inputs).filter(({ input }) => input === "cloudInit");
  const brings = steps.some(
    (step) => step.kind === "restart" && step.changes.some(({ property }) => property === "cloudInit"),
  );
  if (seed === undefined || !brings) return [];
  const before = previous && bootMedia(previous).find(({ input }) => input === "cloudInit");
  const isWritten = steps.some((step) => step.kind === "writeMedium" && step.volume === seed.volume);
  if (isWritten && before?.volume !== seed.volume) return [];
  const had = live?.disks.find(({ source }) => mediumInputOfSource(source) === "cloudInit")?.source;
  const isKnown = had !== undefined && "volume" in had && had.volume === before?.volume;
  return [
    `${inputs.name} is started with cloud-init seed ${seed.volume}, which waits for that: ${
      (isKnown && previous !== undefined ? instanceText(previous, inputs) : undefined) ??
      textAfter(had !== undefined, inputs)
    }`,
  ];
}

/** What was in the seed that the guest has isn't on record any more. */
function textAfter(hadOne: boolean, { cloudInit }: Inputs): string {
  if (!hadOne) return `${AS_ON_FIRST_BOOT}, ${UNLESS_HAD}`;
  return cloudInit?.newInstanceOnChange === true
    ? `the instance-id changes: ${AS_ON_FIRST_BOOT}, ${UNLESS_HAD}`
    : `unless instanceId or newInstanceOnChange was changed with it, the instance-id stays: ${AS_AT_EVERY_BOOT}`;
}

import type { ResourceDefinition } from "../definition.js";
import { apply } from "./apply.js";
import { hold } from "./hold.js";
import { holds } from "./holds.js";
import { lookup } from "./lookup.js";
import { observe } from "./observe.js";
import { type ObservedDisk, whereItIs } from "./observed.js";
import { type DiskRequest, refOf } from "./place.js";
import { plan } from "./plan.js";
import { obstacles, removal } from "./removal.js";
import { remove } from "./remove.js";
import { backingNeedsQcow2, foundKeys, type Inputs, type Outputs, shape, sourceAlone } from "./schema.js";

export const disk: ResourceDefinition<Inputs, ObservedDisk, Outputs> = {
  kind: "Disk",
  shape,
  crossChecks: [backingNeedsQcow2, sourceAlone],
  holds,
  computed: {
    keys: foundKeys,
    of: (_request, { source }) => (source?.checksum === undefined ? {} : { sourceChecksum: source.checksum }),
  },
  lookup,
  observe,
  plan,
  hold,
  apply,
  idOf,
  outputs: outputsOf,
  removal,
  obstacles,
  remove: (id, outputs, identity, context) => remove(id, outputs as Outputs & Inputs, identity, context),
};

/** What can't be seen since its pool doesn't run isn't gone. */
function idOf({ inputs, recorded }: DiskRequest, observed: ObservedDisk): string | undefined {
  const isSomewhere = whereItIs(observed) !== undefined;
  const isHidden =
    recorded !== undefined &&
    (observed.target.poolState !== "running" ||
      observed.elsewhere !== undefined ||
      observed.interrupted !== undefined);
  // An id stays what it was when the disk has moved.
  return isSomewhere || isHidden ? (recorded?.id ?? `${inputs.pool}/${inputs.name}`) : undefined;
}

function outputsOf(request: DiskRequest, observed: ObservedDisk, carried: Partial<Outputs>): Outputs {
  const { inputs } = request;
  const { target } = observed;
  const place = whereItIs(observed);
  const isHome = place === target;
  const folder = target.folder?.replace(/(.)\/+$/, "$1");
  const wanted = folder === undefined ? undefined : `${folder}/${inputs.name}`;
  const path = (isHome ? place?.volume.path : wanted) ?? place?.volume.path ?? carried.path ?? "";
  return {
    host: inputs.host,
    connection: inputs.connection,
    credentials: refOf(inputs).credentials,
    path,
    // Of a folder's volumes the key is the path.
    key: (isHome ? place?.volume.key : wanted) ?? path,
    sizeBytes: place?.volume.capacityBytes ?? carried.sizeBytes ?? 0,
    allocationBytes: place?.volume.allocationBytes ?? carried.allocationBytes ?? 0,
    nonce: place?.mark.nonce ?? carried.nonce ?? "",
    formerly:
      place === undefined
        ? carried.formerly
        : isHome
          ? undefined
          : { host: place.ref.name, connection: place.ref.connection },
  };
}

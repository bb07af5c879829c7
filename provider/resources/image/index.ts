import type { ResourceDefinition } from "../definition.js";
import { apply } from "./apply.js";
import { observe } from "./observe.js";
import type { ImageRequest, ObservedImage } from "./observed.js";
import { foundOf, outputsOf } from "./outputs.js";
import { plan } from "./plan.js";
import { obstacles, removal } from "./removal.js";
import { remove } from "./remove.js";
import { crossChecks, foundKeys, type Inputs, type Outputs, shape } from "./schema.js";
import { parseSource } from "./source.js";

export const image: ResourceDefinition<Inputs, ObservedImage, Outputs> = {
  kind: "Image",
  shape,
  crossChecks,
  computed: { keys: foundKeys, of: foundOf },
  observe,
  plan,
  explain,
  apply,
  idOf,
  outputs: outputsOf,
  removal,
  obstacles,
  remove: (id, outputs, identity, context) => remove(id, outputs as Outputs & Inputs, identity, context),
};

/** It is there while any host has it, or has a pool that can't be looked into. */
function idOf({ inputs, recorded }: ImageRequest, { places, former }: ObservedImage): string | undefined {
  const isSomewhere = [...places, ...former].some(({ claims }) =>
    claims.some(({ volume }) => volume !== undefined),
  );
  const isHidden = recorded !== undefined && places.some(({ poolState }) => poolState !== "running");
  return isSomewhere || isHidden ? `${inputs.pool}/${inputs.name}` : undefined;
}

/** Ways that aren't the usual one: the hosts' own download. */
function explain({ inputs }: ImageRequest, { places }: ObservedImage): string[] {
  if (parseSource(inputs.source).kind === "file") return [];
  const sent = places
    .filter(({ route }) => route === "send" || route === "stream")
    .map(({ ref }) => ref.name);
  if (sent.length === 0) return [];
  return [
    `${sent.join(", ")} can't download by ${sent.length === 1 ? "itself" : "themselves"}: this machine will, and send it there`,
  ];
}

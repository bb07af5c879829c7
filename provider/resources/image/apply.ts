import type { Host } from "../../hosts/host.js";
import { identityHash } from "../../planning/owner.js";
import type { Step } from "../../planning/step.js";
import type { ApplyContext } from "../definition.js";
import { verifyFound } from "./adopt.js";
import { claim, exchange, giveBack } from "./claims.js";
import { fetchImages } from "./fetch.js";
import { type ImageRequest, noteLeft, type ObservedImage, type WantedVolume } from "./observed.js";

export async function apply(
  step: Step,
  request: ImageRequest,
  observed: ObservedImage,
  context: ApplyContext,
): Promise<void> {
  const { pool } = request.inputs;
  noteLeft(request, observed);
  const placeOn = (host: string) => {
    const place = [...observed.places, ...observed.former].find(({ ref }) => ref.name === host);
    if (place === undefined) throw new Error(`host ${host} isn't one of this image's`);
    return { place, host: context.hosts.get(place.ref) };
  };
  switch (step.kind) {
    case "record":
      return;
    case "fetchImage":
      await fetchImages(
        step.hosts.map(({ host }) => placeOn(host).place),
        request,
        context,
      );
      return;
    case "adopt": {
      const { place, host } = placeOn(step.host);
      if (place.wanted !== undefined) await verifyFound(place.wanted, request, host, context);
      await claimFound(place.wanted, request, host);
      return;
    }
    case "useImage": {
      const { place, host } = placeOn(step.host);
      await claimFound(place.wanted, request, host);
      return;
    }
    case "dropImage": {
      const { place, host } = placeOn(step.host);
      const isLeaving = observed.former.includes(place);
      const kept = isLeaving && request.inputs.retainOnDelete === true;
      for (const { name, mark } of place.claims)
        if (name === step.subject && (isLeaving || mark !== place.wanted?.mine))
          await giveBack({ host, pool }, mark, { kept });
      return;
    }
    case "recordOwner":
      for (const { ref, wanted } of observed.places)
        if (wanted?.mine !== undefined)
          await exchange({ host: context.hosts.get(ref), pool }, wanted.mine, {
            ...wanted.mine,
            identityHash: identityHash(request.identity),
          });
      return;
    default:
      throw new Error(`an image's plan has a step of another resource: ${step.kind}`);
  }
}

async function claimFound(
  wanted: WantedVolume | undefined,
  request: ImageRequest,
  host: Host,
): Promise<void> {
  if (wanted?.volume === undefined) throw new Error("there is no volume to take");
  const { name, volume } = wanted;
  await claim({ host, pool: request.inputs.pool }, { name, fileBytes: volume.fileBytes }, request);
}

import { type ImageRequest, isThere, knownOf, type ObservedImage, refsOf } from "./observed.js";
import type { Found, Outputs } from "./schema.js";

export function outputsOf(
  request: ImageRequest,
  observed: ObservedImage,
  carried: Partial<Outputs>,
): Outputs {
  const { inputs, recorded, chosen } = request;
  const found = foundOf(request, observed);
  const nonces = observed.places.flatMap(({ wanted }) => wanted?.mine?.nonce ?? []);
  return {
    ...hostsOf(request, observed),
    checksum: found.checksum ?? carried.checksum ?? "",
    volume: found.volume ?? carried.volume ?? "",
    sizeBytes: found.sizeBytes ?? carried.sizeBytes ?? 0,
    volumeFormat: found.volumeFormat ?? carried.volumeFormat ?? inputs.format ?? "",
    paths: Object.fromEntries(
      observed.places.flatMap(({ ref, wanted }) =>
        isThere(wanted) && wanted?.volume !== undefined ? [[ref.name, wanted.volume.path]] : [],
      ),
    ),
    nonce: recorded?.outputs.nonce || nonces[0] || chosen?.nonce || carried.nonce || "",
  };
}

/** What dependents are told in a preview, as far as it is known: what a host has counts more than what the source says. */
export function foundOf(request: ImageRequest, observed: ObservedImage): Found {
  const known = knownOf(request);
  const wanted = observed.places.map((place) => place.wanted).find(isThere);
  const volume = known.volume ?? wanted?.name;
  const there = wanted?.name === volume ? wanted?.volume : undefined;
  const format = there?.format === "qcow2" || there?.format === "raw" ? there.format : known.volumeFormat;
  const found: Found = {
    checksum: known.checksum,
    volume,
    sizeBytes: there?.sizeBytes ?? known.sizeBytes,
    volumeFormat: format,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}

/** A host that a failed run didn't get to clean up stays on record, or the next run would forget it. */
function hostsOf({ inputs }: ImageRequest, observed: ObservedImage): Pick<Outputs, "hosts" | "credentials"> {
  const refs = observed.former.map(({ ref }) => ref);
  const gone = Object.fromEntries(refs.map(({ name, connection }) => [name, connection]));
  const keys = Object.fromEntries(refs.map(({ name, credentials }) => [name, { ...credentials }]));
  return {
    hosts: {
      ...gone,
      ...Object.fromEntries(refsOf(inputs).map(({ name, connection }) => [name, connection])),
    },
    credentials: refs.length === 0 ? inputs.credentials : { ...keys, ...inputs.credentials },
  };
}

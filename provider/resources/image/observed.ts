import type { HostRef } from "../../hosts/host-ref.js";
import type { VolumeMark } from "../../hosts/volume-mark.js";
import { type Identity, identityHash } from "../../planning/owner.js";
import { identitiesOf, type Request } from "../definition.js";
import type { Findings } from "./find.js";
import type { Found, Inputs, Outputs } from "./schema.js";
import type { Route } from "./tools.js";

export type ImageRequest = Request<Inputs, Outputs>;

/** A volume that holds an image. */
export interface ObservedVolume {
  path: string;
  format: string;
  /** As a guest sees it. */
  sizeBytes: number;
  fileBytes: number | undefined;
  /** When its file was last written and last changed; undefined where that isn't known. */
  changedAt: string | undefined;
}

/** A volume that this resource has a claim to. */
export interface ClaimedVolume {
  name: string;
  mark: VolumeMark;
  /** It was this image's content before another was declared. */
  former: boolean;
  volume: ObservedVolume | undefined;
  /** Others have a claim to it as well: another stack's image, or another resource's of the same name. */
  shared: boolean;
  /** What would break without it: domains, and volumes that are layers over it. Only looked for where it may go. */
  users: string[];
}

/** A host that has, is to have, or had the image. */
export interface ImagePlace {
  ref: HostRef;
  hostUuid: string;
  poolState: "absent" | "stopped" | "running";
  poolType: string | undefined;
  folder: string | undefined;
  availableBytes: number;
  claims: ClaimedVolume[];
  /** The volume that is to be there, and whose it is; undefined while its name isn't known. */
  wanted: WantedVolume | undefined;
  /** How it would come there; undefined while that can't be known. */
  route: Route | undefined;
  /** Of those that images need, what there is on the host; undefined while that can't be known. */
  programs: ReadonlySet<string> | undefined;
}

export interface WantedVolume {
  name: string;
  volume: ObservedVolume | undefined;
  /** Somebody of this package has a claim to it, so that it is what its name says. */
  claimed: boolean;
  /** By this resource. */
  mine: VolumeMark | undefined;
  /** How large its file is to be, by any of the claims. */
  markedBytes: number | undefined;
}

export interface ObservedImage {
  places: ImagePlace[];
  /** Hosts that aren't declared any more, where something of the image is left. */
  former: ImagePlace[];
  /** Where the image is that another name or pool would replace. */
  replaced: ImagePlace[];
  /** What was found out about the source, in a check. */
  source: Omit<Findings, "found"> | undefined;
}

/** A file whose size isn't that of the image which was put there is another file. */
export function isThere(wanted: WantedVolume | undefined): boolean {
  return wanted?.volume !== undefined && !isChanged(wanted.volume, wanted.markedBytes);
}

export function isChanged(volume: ObservedVolume, fileBytes: number | undefined): boolean {
  return fileBytes !== undefined && volume.fileBytes !== undefined && volume.fileBytes !== fileBytes;
}

export function refsOf(inputs: Pick<Inputs, "hosts" | "credentials">): HostRef[] {
  return Object.entries(inputs.hosts).map(([name, connection]) => ({
    name,
    connection,
    credentials: inputs.credentials?.[name] ?? {},
  }));
}

/** The hashes in this resource's marks: of today's name, and of yesterday's after a rename. */
export function identityHashes(request: Pick<ImageRequest, "identity" | "previous" | "formerUrn">): string[] {
  return identitiesOf(request).map(identityHash);
}

/** In the mark of a volume that held this image's content before another was declared. */
export function formerHash(identity: Identity): string {
  return identityHash({ ...identity, type: `${identity.type}/former` });
}

export function formerHashes(request: Pick<ImageRequest, "identity" | "previous" | "formerUrn">): string[] {
  return identitiesOf(request).map(formerHash);
}

/** Inputs that say where the content is, those that say by what it is known, and in which form it is kept. */
const PLACE_KEYS = ["source", "member", "revision"] as const;
const SUM_KEYS = ["sha256", "sha512", "checksumUrl"] as const;
const CONTENT_KEYS = [...PLACE_KEYS, ...SUM_KEYS, "format"] as const;

/** While the inputs that say which content is meant stay, so does the content that was once found there. */
export function isSameSource(a: Inputs, b: Inputs): boolean {
  return isSamePlace(a, b) && SUM_KEYS.every((key) => a[key] === b[key]);
}

/** Whether the program says by what sum the content is known. */
export function declaresSum(inputs: Inputs): boolean {
  return SUM_KEYS.some((key) => inputs[key] !== undefined);
}

/** Only the sums may be others. */
export function isSamePlace(a: Inputs, b: Inputs): boolean {
  return PLACE_KEYS.every((key) => a[key] === b[key]);
}

export function changedContentKeys(a: Inputs, b: Inputs): string[] {
  return CONTENT_KEYS.filter((key) => a[key] !== b[key]);
}

/** What applying has found out about a request: the content of a source without a checksum is known only then. */
const learnt = new WeakMap<ImageRequest, Found>();

export function learn(request: ImageRequest, found: Found): void {
  learnt.set(request, { ...learnt.get(request), ...found });
}

const leftNonces = new WeakMap<ImageRequest, string>();

/** A create that was cut off may have made it on one of its hosts: what is made on the others is the same resource's. */
export function noteLeft(request: ImageRequest, { places }: ObservedImage): void {
  const mark = places.flatMap(({ wanted }) => wanted?.mine ?? [])[0];
  if (mark !== undefined) leftNonces.set(request, mark.nonce);
}

/** By which the resource knows its volumes. */
export function nonceOf(request: ImageRequest): string | undefined {
  return request.recorded?.outputs.nonce || leftNonces.get(request) || request.chosen?.nonce;
}

/** What is known of the declared content. */
export function knownOf(request: ImageRequest): Found {
  const { inputs, previous, recorded } = request;
  const { checksum, volume, sizeBytes, volumeFormat } = inputs;
  const outputs = recorded?.outputs;
  const isRecorded =
    outputs?.volume !== undefined && previous !== undefined && isSameContent(previous, inputs);
  return {
    ...(isRecorded ? { checksum: outputs.checksum || undefined, volume: outputs.volume || undefined } : {}),
    ...(checksum === undefined ? {} : { checksum }),
    ...(volume === undefined ? {} : { volume }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(volumeFormat === undefined ? {} : { volumeFormat }),
    ...learnt.get(request),
  };
}

function isSameContent(previous: Inputs, inputs: Inputs): boolean {
  return isSameSource(previous, inputs) && previous.format === inputs.format && previous.name === inputs.name;
}

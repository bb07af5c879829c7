import { scryptSync } from "node:crypto";
import type { CloudInit } from "./cloud-init.js";
import { dataSource } from "./data-source.js";
import { documentKey, renderDocument, type SeedDocument } from "./document.js";
import { isoImage } from "./iso/image.js";

/** A read-only volume that a guest is started with, by what it says. */
export interface Medium {
  /** The volume's label. */
  label: string;
  /** What is in it but for the instance-id, in twelve hexadecimal digits: names the volume, and is all that is ever shown of it. */
  digest: string;
  /** The paths of its files. */
  paths: string[];
  /** The volume itself. */
  image(): Buffer;
}

/** The machine that a seed is for. */
export interface SeedOwner {
  /** libvirt's name: the guest's host name unless another is declared. */
  name: string;
  /** Absent before the machine is made: then there is a digest, but no image yet. */
  uuid?: string | undefined;
}

const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** cloud-init's seed. */
export function cloudInitMedium(inputs: CloudInit, owner: SeedOwner): Medium {
  const hostname = HOST_NAME.test(owner.name) ? owner.name : undefined;
  // In place of the identity: how it comes about, for that decides what is in the volume too.
  const rule = inputs.instanceId ?? (inputs.newInstanceOnChange === true ? "UUID-DIGEST" : "UUID");
  const source = dataSource(inputs, { id: rule, hostname });
  const digest = digestOf(source.label, source.documents, owner.name);
  return {
    label: source.label,
    digest,
    paths: source.documents.map(({ path }) => path),
    image: () =>
      isoOf(source.label, dataSource(inputs, { id: instanceId(inputs, owner, digest), hostname }).documents),
  };
}

/**
 * What cloud-init tells instances apart by. It stays when the seed changes, so that the guest isn't set up anew, with new host keys and
 * all, unless that is asked for.
 */
function instanceId(inputs: CloudInit, owner: SeedOwner, digest: string): string {
  if (inputs.instanceId !== undefined) return inputs.instanceId;
  if (owner.uuid === undefined) throw new Error("a seed is written for a machine that is there");
  return inputs.newInstanceOnChange === true ? `${owner.uuid}-${digest}` : owner.uuid;
}

/** A volume of documents that no machine's identity goes into. */
export function plainMedium(label: string, documents: readonly SeedDocument[], owner: SeedOwner): Medium {
  return {
    label,
    digest: digestOf(label, documents, owner.name),
    paths: documents.map(({ path }) => path),
    image: () => isoOf(label, documents),
  };
}

function isoOf(label: string, documents: readonly SeedDocument[]): Buffer {
  return isoImage(label, documents.map(renderDocument));
}

const DIGEST_BYTES = 6;
const digests = new Map<string, string>();
const MOST_DIGESTS = 1_000;

/**
 * Of what the documents say, not of how a version of this package writes it. The digest is shown, and a seed may hold passwords that can be
 * guessed: a slow function, and another result for each machine, keep it from confirming guesses cheaply.
 */
export function digestOf(label: string, documents: readonly SeedDocument[], salt: string): string {
  const said = [label, ...documents.map(documentKey).sort()].join("\n");
  const key = `${salt}\n${said}`;
  const known = digests.get(key);
  if (known !== undefined) return known;
  const digest = scryptSync(said, `pulumi-kvm seed ${salt}`, DIGEST_BYTES, { N: 4096 }).toString("hex");
  if (digests.size >= MOST_DIGESTS) digests.clear();
  digests.set(key, digest);
  return digest;
}

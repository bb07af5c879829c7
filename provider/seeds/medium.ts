import { scryptSync } from "node:crypto";
import { type AnswerFile, answerDocuments } from "./answer-file.js";
import type { CloudInit } from "./cloud-init.js";
import { dataSource } from "./data-source.js";
import { documentKey, renderDocument, type SeedDocument } from "./document.js";
import { isoImage } from "./iso/image.js";
import type { JsonObject } from "./json.js";

/** What a guest is started with, by what it says: a volume, or a file. */
export interface Medium {
  /** What is in it but for the instance-id, in twelve hexadecimal digits: names the volume, and is all that is ever shown of it. */
  digest: string;
  documents: readonly SeedDocument[];
  /** The bytes, for the machine of this UUID. As many whatever the UUID. */
  bytes(uuid: string): Buffer;
}

const HOST_NAME = /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/** cloud-init's seed. `name` is libvirt's: the guest's host name unless another is declared. */
export function cloudInitMedium(inputs: CloudInit, name: string): Medium {
  const hostname = HOST_NAME.test(name) ? name : undefined;
  // In place of the identity: how it comes about, for that decides what is in the volume too.
  const { label, documents } = dataSource(inputs, { id: instanceIdRule(inputs), hostname });
  const digest = digestOf(label, documents, name);
  return {
    digest,
    documents,
    bytes: (uuid) =>
      isoOf(label, dataSource(inputs, { id: instanceId(inputs, uuid, digest), hostname }).documents),
  };
}

function instanceIdRule({ instanceId: fixed, newInstanceOnChange }: CloudInit): string {
  return fixed ?? (newInstanceOnChange === true ? "UUID-DIGEST" : "UUID");
}

/**
 * What cloud-init tells instances apart by. It stays when the seed changes, so that the guest isn't set up anew, with new host keys and
 * all, unless that is asked for.
 */
export function instanceId(inputs: CloudInit, uuid: string, digest: string): string {
  if (inputs.instanceId !== undefined) return inputs.instanceId;
  return inputs.newInstanceOnChange === true ? `${uuid}-${digest}` : uuid;
}

/** An installer's answers. */
export function answerMedium(answers: AnswerFile, name: string): Medium {
  const { label, documents } = answerDocuments(answers);
  return { digest: digestOf(label, documents, name), documents, bytes: () => isoOf(label, documents) };
}

/** Ignition's config, a file that QEMU hands to the guest as it is. */
export function ignitionMedium(config: string | JsonObject, name: string): Medium {
  const content: SeedDocument["content"] =
    typeof config === "string" ? { kind: "text", text: config } : { kind: "json", value: config };
  const document = { path: "config.ign", content };
  return {
    digest: digestOf("ignition", [document], name),
    documents: [document],
    bytes: () => Buffer.from(renderDocument(document).bytes),
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
function digestOf(label: string, documents: readonly SeedDocument[], salt: string): string {
  const said = [label, ...documents.map(documentKey).sort()].join("\n");
  const key = `${salt}\n${said}`;
  const known = digests.get(key);
  if (known !== undefined) return known;
  const digest = scryptSync(said, `pulumi-kvm seed ${salt}`, DIGEST_BYTES, { N: 4096 }).toString("hex");
  if (digests.size >= MOST_DIGESTS) digests.clear();
  digests.set(key, digest);
  return digest;
}

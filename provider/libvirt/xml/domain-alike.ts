import type { DomainModel } from "./domain-model.js";
import { type FrameModel, parseDomain, readFrame, readOwn } from "./domain-parse.js";
import { childElement } from "./element.js";
import { XmlError } from "./error.js";
import { patchNotesKind } from "./patch-notes.js";
import { freePcieRootPorts, type PciePlugs, pciePlugs } from "./pcie.js";
import { readXml } from "./read-xml.js";

/** What was read of documents lately, with all of their text but what is each domain's own. */
let frames: { text: string; model: FrameModel; plugs: PciePlugs }[] = [];
const MOST_FRAMES = 100;

/**
 * `parseDomain` for many domains, of which most have been made alike: what is in the same words as in another domain isn't read again. Parts
 * of the model are those of the others' too: it must not be changed.
 *
 * @throws XmlError as `parseDomain` does.
 */
export function parseDomainLikeOthers(xml: string): DomainModel {
  const cut = cutOwn(xml);
  if (cut === undefined) return parseDomain(xml);
  try {
    const frame = frameOf(cut.frame);
    const own = readXml(cut.own, "domain");
    const plugs = pciePlugs(childElement(own, "devices"));
    return { ...frame.model, ...readOwn(own), hotplugPorts: freePcieRootPorts(frame.plugs, plugs) };
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    return parseDomain(xml); // which words it as for any document
  }
}

function frameOf(text: string) {
  // Texts as long as these are told apart faster than they are hashed.
  const known = frames.find((frame) => frame.text === text);
  if (known !== undefined) return known;
  const domain = readXml(text, "domain");
  const read = { text, model: readFrame(domain), plugs: pciePlugs(childElement(domain, "devices")) };
  if (frames.length >= MOST_FRAMES) frames = [];
  frames.push(read);
  return read;
}

const head =
  /^(<domain type='\w+')(?: id='\d+')?>\n( {2}<name>[^<]*<\/name>\n {2}<uuid>[^<]*<\/uuid>\n(?: {2}<title>[^<]*<\/title>\n)?(?: {2}<description>[^<]*<\/description>\n)?)/;
/** In a line of its own, as libvirt indents, within the metadata: nothing else has such a name. */
const ownerMark = /\n {4}<kvm-owner:owner [^<>]*\/>(?=\n)/;
const ownDevice = /\n {4}<(disk|interface)(?=[ />])[^<>]*?(?:\/>|>[\s\S]*?\n {4}<\/\1>)/g;
const DEVICES = "\n  <devices>\n";
/** What is a domain's own, where it doesn't follow its UUID at once: after `<genid>`, `<hwuuid>`, or what libvirt may yet put there. */
const ownLater = /\n {2}<(?:title|description)[ />]/;

/** Two documents of one that is indented as libvirt indents, in which nothing but elements and texts begins with "<". */
function cutOwn(xml: string): { own: string; frame: string } | undefined {
  const [begin, root, named] = head.exec(xml) ?? [];
  if (begin === undefined || ["<!", "<?", patchNotesKind.uri].some((text) => xml.includes(text)))
    return undefined;
  const devicesAt = xml.indexOf(DEVICES, begin.length - 1);
  // What people noted down may look like devices.
  if (devicesAt === -1 || xml.lastIndexOf(DEVICES) !== devicesAt) return undefined;
  const between = xml.slice(begin.length - 1, devicesAt);
  if (ownLater.test(between)) return undefined;
  const devices: string[] = [];
  const others = xml.slice(devicesAt).replace(ownDevice, (device) => {
    devices.push(device);
    return "";
  });
  const ownDevices = devices.length === 0 ? "" : `  <devices>${devices.join("")}\n  </devices>\n`;
  return {
    own: `${root}>\n${named}${ownDevices}</domain>\n`,
    frame: `${root}>${between.replace(ownerMark, "")}${others}`,
  };
}

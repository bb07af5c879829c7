import type { VolumeRecord } from "../libvirt/index.js";
import { parseVolume } from "../libvirt/xml/index.js";
import { readOnce } from "../planning/read-once.js";

/** What a volume's record says. Whatever looks for layers asks about every volume of a host. */
export const modelOf = readOnce(({ xml }: VolumeRecord) => parseVolume(xml));

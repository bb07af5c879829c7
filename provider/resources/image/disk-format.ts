/** Formats of disk images that can be told by how a file begins. */
export type DiskFormat = "qcow2" | "raw" | "vmdk" | "vdi" | "vhdx" | "vpc";
export type Compression = "gz" | "xz" | "zst" | "bz2";

/** What a file is, by its beginning. */
export type FileKind =
  | {
      kind: "image";
      format: DiskFormat /** What a guest sees as the disk's size; of some formats it isn't at the beginning. */;
      sizeBytes?: number;
    }
  | { kind: "compressed"; compression: Compression }
  | { kind: "archive" }
  /** It must not be used; `reason` is the end of a sentence that begins with the file. */
  | { kind: "unusable"; reason: string };

/** As much of a file as {@link fileKind} looks at. */
export const HEAD_BYTES = 64 * 1024;

/**
 * Tells what a file is from its first {@link HEAD_BYTES}. Images that would have QEMU open other files of the host are unusable: whoever made the image
 * chooses which, and a guest would read them.
 */
export function fileKind(head: Buffer): FileKind {
  if (head.length === 0) return { kind: "unusable", reason: "is empty" };
  const begins = (magic: string, at = 0) =>
    head.length >= at + magic.length && head.toString("latin1", at, at + magic.length) === magic;
  if (begins("\x1f\x8b")) return { kind: "compressed", compression: "gz" };
  if (begins("\xfd7zXZ\0")) return { kind: "compressed", compression: "xz" };
  if (begins("\x28\xb5\x2f\xfd")) return { kind: "compressed", compression: "zst" };
  if (/^BZh[1-9]1AY&SY/.test(head.toString("latin1", 0, 10)))
    return { kind: "compressed", compression: "bz2" };
  if (begins("QFI\xfb")) return qcow2(head);
  if (begins("KDMV")) return vmdk(head);
  if (begins("COWD") || /^\s*# Disk DescriptorFile/i.test(head.toString("latin1", 0, 512)))
    return unusable(
      "is a VMDK whose data is in other files; export it as one file (streamOptimized or monolithicSparse)",
    );
  if (begins("vhdxfile")) return { kind: "image", format: "vhdx" };
  if (begins("conectix")) return vpc(head);
  if (head.length >= 0x200 && head.readUInt32LE(0x40) === 0xbeda107f) return vdi(head);
  if (begins("QED\0"))
    return unusable("is a QED image, a format that QEMU has given up; convert it to qcow2");
  if (begins("ustar", 257)) return { kind: "archive" };
  if (begins("PK\x03\x04")) return unusable("is a zip archive; unpack it and give the disk image in it");
  if (begins("7z\xbc\xaf\x27\x1c"))
    return unusable("is a 7z archive; unpack it and give the disk image in it");
  if (/^\s*<(?:!doctype html|html|\?xml)/i.test(head.toString("latin1", 0, 256)))
    return unusable("is a web page or an XML document, no disk image; is the URL that of the file itself?");
  return { kind: "image", format: "raw" };
}

function unusable(reason: string): FileKind {
  return { kind: "unusable", reason };
}

const INCOMPATIBLE = { corrupt: 2, externalData: 4 } as const;

function qcow2(head: Buffer): FileKind {
  if (head.length < 72) return unusable("is a qcow2 image that was cut off");
  const version = head.readUInt32BE(4);
  if (version !== 2 && version !== 3)
    return unusable(`is a qcow image of version ${version}; convert it to qcow2`);
  const features = version === 3 && head.length >= 104 ? Number(head.readBigUInt64BE(72) & 0xffn) : 0;
  const backingAt = Number(head.readBigUInt64BE(8));
  if (backingAt !== 0) {
    const length = Math.min(head.readUInt32BE(16), 1023);
    const name = head.toString("utf8", backingAt, Math.min(backingAt + length, head.length));
    return unusable(
      `is the difference to another image (backing file ${shown(name)}), which QEMU would open on the host; flatten it with qemu-img convert`,
    );
  }
  if ((features & INCOMPATIBLE.externalData) !== 0)
    return unusable(
      "keeps its data in another file (external data file), which QEMU would open on the host; flatten it with qemu-img convert",
    );
  if ((features & INCOMPATIBLE.corrupt) !== 0) return unusable("is a qcow2 image that is marked as corrupt");
  if (head.readUInt32BE(32) !== 0) return unusable("is an encrypted qcow2 image, which isn't supported");
  return sized("qcow2", head.readBigUInt64BE(24));
}

const SECTOR_BYTES = 512;

function vmdk(head: Buffer): FileKind {
  if (head.length < 2 * SECTOR_BYTES) return unusable("is a VMDK that was cut off");
  const sectors = head.readBigUInt64LE(12);
  // Without a capacity of its own QEMU takes the descriptor inside for one that names other files.
  if (sectors === 0n) return unusable("is a VMDK whose data is in other files; export it as one file");
  // QEMU looks for a parent there, whatever the header says about the descriptor's place.
  const descriptor = head.toString("latin1", SECTOR_BYTES, 21 * SECTOR_BYTES);
  const parent = /parentFileNameHint[\s="]*([^"\r\n\0]*)/i.exec(descriptor)?.[1];
  if (parent !== undefined)
    return unusable(
      `is the difference to another image (parent ${shown(parent)}), which QEMU would open on the host; export it as one file`,
    );
  return sized("vmdk", sectors * BigInt(SECTOR_BYTES));
}

function vdi(head: Buffer): FileKind {
  const type = head.readUInt32LE(0x4c);
  // 1 grows, 2 has a fixed size; others are differences to another image.
  if (type !== 1 && type !== 2)
    return unusable("is a VDI that is the difference to another image; clone it to one of its own");
  return sized("vdi", head.readBigUInt64LE(0x170));
}

function vpc(head: Buffer): FileKind {
  if (head.length < SECTOR_BYTES) return unusable("is a VHD that was cut off");
  if (head.readUInt32BE(60) === 4)
    return unusable("is a VHD that is the difference to another image; merge it first");
  return sized("vpc", head.readBigUInt64BE(48));
}

function sized(format: DiskFormat, bytes: bigint): FileKind {
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER))
    return unusable(`is a ${format} image that claims to be ${bytes} bytes large`);
  return { kind: "image", format, sizeBytes: Number(bytes) };
}

/** Text of unknown origin, for a message of one line. */
function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text).replace(
    /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu,
    "?",
  );
}

import { both16, both32, SECTOR_BYTES, utf16Be } from "./numbers.js";

/** What a volume descriptor says of one naming of the volume's folders. */
export interface Description {
  label: string;
  volumeSectors: number;
  pathTableBytes: number;
  littlePathTableSector: number;
  bigPathTableSector: number;
  rootRecord: Buffer;
}

const PRIMARY = 1;
const SUPPLEMENTARY = 2;
const TERMINATOR = 255;
/** Joliet's UCS-2, level 3, as escape sequence. */
const UCS2_LEVEL_3 = "%/E";
/** ECMA-119, 8.4.26.1: a time that isn't given. */
const NO_TIME = Buffer.concat([Buffer.alloc(16, "0"), Buffer.of(0)]);

/** ECMA-119, 8.4 and 8.5. */
export function volumeDescriptor(naming: "primary" | "joliet", of: Description): Buffer {
  const joliet = naming === "joliet";
  const text = (value: string, lengthBytes: number) => (joliet ? ucs2Text : asciiText)(value, lengthBytes);
  const littleEndian = Buffer.alloc(8);
  littleEndian.writeUInt32LE(of.littlePathTableSector);
  const bigEndian = Buffer.alloc(8);
  bigEndian.writeUInt32BE(of.bigPathTableSector);
  return sector([
    head(joliet ? SUPPLEMENTARY : PRIMARY),
    Buffer.of(0),
    text("", 32), // system
    text(of.label, 32),
    Buffer.alloc(8),
    both32(of.volumeSectors),
    Buffer.concat([Buffer.from(joliet ? UCS2_LEVEL_3 : "")], 32),
    both16(1), // volumes in the set
    both16(1), // number of this one
    both16(SECTOR_BYTES),
    both32(of.pathTableBytes),
    littleEndian,
    bigEndian,
    of.rootRecord,
    text("", 128), // volume set
    text("", 128), // publisher
    text("", 128), // preparer
    text("", 128), // application
    text("", 37), // copyright
    text("", 37), // abstract
    text("", 37), // bibliography
    NO_TIME, // created
    NO_TIME, // modified
    NO_TIME, // expires
    NO_TIME, // effective
    Buffer.of(1, 0),
  ]);
}

export function terminator(): Buffer {
  return sector([head(TERMINATOR)]);
}

function head(type: number): Buffer {
  return Buffer.concat([Buffer.of(type), Buffer.from("CD001"), Buffer.of(1)]);
}

function sector(parts: Buffer[]): Buffer {
  return Buffer.concat(parts, SECTOR_BYTES);
}

function asciiText(value: string, lengthBytes: number): Buffer {
  return Buffer.from(value.padEnd(lengthBytes), "latin1");
}

/** A field of odd length ends in a byte that is no half of a character. */
function ucs2Text(value: string, lengthBytes: number): Buffer {
  return Buffer.concat([utf16Be(value.padEnd(Math.floor(lengthBytes / 2)))], lengthBytes);
}

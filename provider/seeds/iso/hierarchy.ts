import { both16, both32, SECTOR_BYTES, sectors, utf16Be } from "./numbers.js";
import { ContinuationArea, continuation, type RecordOf, systemUse } from "./rock-ridge.js";
import type { File, Folder } from "./tree.js";

/**
 * A volume has its folders twice: once with short names, which Rock Ridge adds the real ones to, once with Joliet's. Both lead to the same
 * files.
 */
export type Naming = "rockRidge" | "joliet";

/** ECMA-119, 9.1.5, with the time zone left out: no clock, so that the same content is the same volume. 1 January 2000, 0:00 UTC. */
const RECORDED_AT = Buffer.of(100, 1, 1, 0, 0, 0, 0);
const IS_FOLDER = 2;
const HEAD_BYTES = 33;
/** A record's length is one byte, and even. */
const LONGEST_RECORD = 254;

interface PlacedFolder {
  folder: Folder;
  /** In the path table, counted from 1. */
  number: number;
  parent: number;
  sector: number;
  lengthBytes: number;
}

/** The folders of one naming, at their places in the volume. */
export class Hierarchy {
  readonly #naming: Naming;
  readonly #folders: PlacedFolder[] = [];
  readonly #continuations = new ContinuationArea();
  readonly #continuedAt = new Map<File | Folder, number>();
  readonly #continuationSector: number;
  /** The first sector behind it. */
  readonly end: number;

  constructor(naming: Naming, root: Folder, firstSector: number) {
    this.#naming = naming;
    // The path table's order: level by level, within a level by parent, then by name.
    this.#folders.push({ folder: root, number: 1, parent: 1, sector: 0, lengthBytes: 0 });
    for (const placed of this.#folders)
      for (const entry of this.#sorted(placed.folder))
        if (entry.kind === "folder")
          this.#folders.push({
            folder: entry,
            number: this.#folders.length + 1,
            parent: placed.number,
            sector: 0,
            lengthBytes: 0,
          });
    let sector = firstSector;
    for (const placed of this.#folders) {
      placed.sector = sector;
      placed.lengthBytes = this.#lengthOf(placed);
      sector += sectors(placed.lengthBytes);
    }
    this.#continuationSector = sector;
    // Writing fills the continuation area; how long it gets doesn't depend on where the files are.
    for (const placed of this.#folders) this.#records(placed, () => 0);
    this.end = sector + sectors(this.#continuations.lengthBytes);
  }

  /** The record of the root that stands in the volume descriptor: without system use. */
  get rootRecord(): Buffer {
    const root = this.#folders[0] as PlacedFolder;
    return record({ id: Buffer.of(0), sector: root.sector, lengthBytes: root.lengthBytes, isFolder: true });
  }

  get pathTableBytes(): number {
    return this.pathTable("little").length;
  }

  /** ECMA-119, 9.4. */
  pathTable(order: "little" | "big"): Buffer {
    return Buffer.concat(
      this.#folders.map(({ folder, number, parent, sector }) => {
        const id = number === 1 ? Buffer.of(0) : this.#identifier(folder);
        const head = Buffer.alloc(8);
        head[0] = id.length;
        if (order === "little") {
          head.writeUInt32LE(sector, 2);
          head.writeUInt16LE(parent, 6);
        } else {
          head.writeUInt32BE(sector, 2);
          head.writeUInt16BE(parent, 6);
        }
        return Buffer.concat([head, id, Buffer.alloc(id.length % 2)]);
      }),
    );
  }

  writeTo(image: Buffer, sectorOfFile: (file: File) => number): void {
    for (const placed of this.#folders) {
      let at = placed.sector * SECTOR_BYTES;
      for (const bytes of this.#records(placed, sectorOfFile)) {
        at = skipToFit(at, bytes.length);
        bytes.copy(image, at);
        at += bytes.length;
      }
    }
    this.#continuations.writeTo(image, this.#continuationSector * SECTOR_BYTES);
  }

  #lengthOf(placed: PlacedFolder): number {
    const at = this.#shapes(placed).reduce((offset, { length }) => skipToFit(offset, length) + length, 0);
    return sectors(at) * SECTOR_BYTES;
  }

  #records(placed: PlacedFolder, sectorOfFile: (file: File) => number): Buffer[] {
    return this.#shapes(placed).map(({ node, id, use }) => {
      const inline = use.inline;
      if (use.continued !== undefined) {
        const { bytes, pointerAt } = use.continued;
        const known = this.#continuedAt.get(node);
        const at = known ?? this.#continuations.add(bytes);
        this.#continuedAt.set(node, at);
        continuation({
          sector: this.#continuationSector + Math.floor(at / SECTOR_BYTES),
          offsetBytes: at % SECTOR_BYTES,
          lengthBytes: bytes.length,
        }).copy(inline, pointerAt);
      }
      if (node.kind === "file")
        return record({
          id,
          sector: sectorOfFile(node),
          lengthBytes: node.bytes.length,
          isFolder: false,
          use: inline,
        });
      const { sector, lengthBytes } = this.#folders.find((other) => other.folder === node) as PlacedFolder;
      return record({ id, sector, lengthBytes, isFolder: true, use: inline });
    });
  }

  /** A folder's records but for places: `.`, `..`, and its entries. */
  #shapes({ folder, number, parent }: PlacedFolder) {
    const above = (this.#folders[parent - 1] as PlacedFolder).folder;
    const shape = (node: File | Folder, as: RecordOf) => {
      const id = as === "entry" ? this.#identifier(node) : as === "self" ? Buffer.of(0) : Buffer.of(1);
      const headBytes = HEAD_BYTES + id.length + ((id.length + 1) % 2);
      const use =
        this.#naming === "joliet"
          ? { inline: Buffer.alloc(0) }
          : systemUse(node, as, { isRoot: number === 1, roomBytes: LONGEST_RECORD - headBytes });
      const length = headBytes + use.inline.length;
      return { node, id, use, length: length + (length % 2) };
    };
    return [
      shape(folder, "self"),
      shape(above, "parent"),
      ...this.#sorted(folder).map((entry) => shape(entry, "entry")),
    ];
  }

  #identifier(node: File | Folder): Buffer {
    const version = node.kind === "file" ? ";1" : "";
    return this.#naming === "joliet"
      ? utf16Be(node.name + version)
      : Buffer.from(node.shortName + version, "latin1");
  }

  #sorted(folder: Folder): (File | Folder)[] {
    const key = this.#naming === "joliet" ? jolietKey : shortKey;
    return [...folder.entries].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }
}

/** ECMA-119, 9.3: by name, then by extension, both filled up with what is less than any character in them. */
function shortKey({ shortName }: File | Folder): string {
  const [stem = "", extension = ""] = shortName.split(".");
  return stem.padEnd(8) + extension.padEnd(3);
}

function jolietKey({ name }: File | Folder): string {
  return name.replaceAll(".", "\0");
}

/** A record may not lie across a sector's end. */
function skipToFit(at: number, lengthBytes: number): number {
  const left = SECTOR_BYTES - (at % SECTOR_BYTES);
  return lengthBytes > left ? at + left : at;
}

/** ECMA-119, 9.1. */
function record(of: {
  id: Buffer;
  sector: number;
  lengthBytes: number;
  isFolder: boolean;
  use?: Buffer;
}): Buffer {
  const body = Buffer.concat([
    Buffer.of(0),
    both32(of.sector),
    both32(of.lengthBytes),
    RECORDED_AT,
    Buffer.of(of.isFolder ? IS_FOLDER : 0, 0, 0),
    both16(1),
    Buffer.of(of.id.length),
    of.id,
    Buffer.alloc((of.id.length + 1) % 2),
    of.use ?? Buffer.alloc(0),
  ]);
  const length = body.length + 1;
  return Buffer.concat([Buffer.of(length + (length % 2)), body, Buffer.alloc(length % 2)]);
}

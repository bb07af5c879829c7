import { terminator, volumeDescriptor } from "./descriptor.js";
import { Hierarchy } from "./hierarchy.js";
import { SECTOR_BYTES, sectors } from "./numbers.js";
import { buildTree, type File, type Folder, type VolumeFile } from "./tree.js";

const SYSTEM_AREA_SECTORS = 16;
const FIRST_PATH_TABLE = SYSTEM_AREA_SECTORS + 3;
/** Joliet has room for no more; what looks for a label (`cidata`, `config-2`, `OEMDRV`) needs no more. */
const LABEL = /^[A-Za-z0-9_-]{1,16}$/;

/**
 * A volume in ISO 9660, level 1, with Rock Ridge for Linux and Joliet for Windows. The same label and files, in whatever order, give the
 * same bytes. For seeds: all of it is in memory.
 */
export function isoImage(label: string, files: readonly VolumeFile[]): Buffer {
  if (!LABEL.test(label)) throw new RangeError(`${label} can't be a volume's label`);
  const root = buildTree(files);
  // A path table is as long wherever the folders are.
  const tableSectors = (["rockRidge", "joliet"] as const).map((naming) =>
    sectors(new Hierarchy(naming, root, 0).pathTableBytes),
  ) as [number, number];
  const shortTables = FIRST_PATH_TABLE;
  const jolietTables = shortTables + 2 * tableSectors[0];
  const short = new Hierarchy("rockRidge", root, jolietTables + 2 * tableSectors[1]);
  const joliet = new Hierarchy("joliet", root, short.end);

  const places = new Map<File, number>();
  let end = joliet.end;
  for (const file of filesIn(root)) {
    places.set(file, end);
    end += sectors(file.bytes.length);
  }
  const image = Buffer.alloc(end * SECTOR_BYTES);
  const put = (sector: number, bytes: Uint8Array) => image.set(bytes, sector * SECTOR_BYTES);
  const describe = (hierarchy: Hierarchy, table: number, lengthSectors: number) => {
    put(table, hierarchy.pathTable("little"));
    put(table + lengthSectors, hierarchy.pathTable("big"));
    return {
      label,
      volumeSectors: end,
      pathTableBytes: hierarchy.pathTableBytes,
      littlePathTableSector: table,
      bigPathTableSector: table + lengthSectors,
      rootRecord: hierarchy.rootRecord,
    };
  };
  put(SYSTEM_AREA_SECTORS, volumeDescriptor("primary", describe(short, shortTables, tableSectors[0])));
  put(SYSTEM_AREA_SECTORS + 1, volumeDescriptor("joliet", describe(joliet, jolietTables, tableSectors[1])));
  put(SYSTEM_AREA_SECTORS + 2, terminator());
  const sectorOf = (file: File) => places.get(file) as number;
  short.writeTo(image, sectorOf);
  joliet.writeTo(image, sectorOf);
  for (const [file, sector] of places) put(sector, file.bytes);
  return image;
}

function filesIn(folder: Folder): File[] {
  return folder.entries.flatMap((entry) => (entry.kind === "file" ? [entry] : filesIn(entry)));
}

/** A file to be, by its path within the volume: `openstack/latest/user_data`. */
export interface VolumeFile {
  path: string;
  bytes: Uint8Array;
}

export interface File {
  readonly kind: "file";
  readonly name: string;
  /** Name of ISO 9660's level 1, without the version: `USER_DAT.`. */
  readonly shortName: string;
  readonly bytes: Uint8Array;
}

export interface Folder {
  readonly kind: "folder";
  readonly name: string;
  readonly shortName: string;
  readonly entries: readonly (File | Folder)[];
}

/** Joliet's limit, in UTF-16 code units. */
const LONGEST_NAME = 64;
/** ISO 9660's limit, the root counted. */
const MOST_LEVELS = 8;
const NOT_IN_JOLIET = /[\p{Cc}\p{Cs}*:;?\\]/u;

/** Why a path can't be in a volume; undefined when it can. */
export function pathProblem(path: string): string | undefined {
  const names = path.split("/");
  if (names.length > MOST_LEVELS) return `is more than ${MOST_LEVELS} folders deep`;
  for (const name of names) {
    if (name === "" || name === "." || name === "..")
      return 'must be a relative path, without empty parts, "." and ".."';
    if (name.length > LONGEST_NAME) return `has a name of more than ${LONGEST_NAME} characters`;
    if (NOT_IN_JOLIET.test(name)) return "must not contain control characters and * : ; ? \\";
  }
  return undefined;
}

type Names = Map<string, Uint8Array | Names>;

/** Names sorted by code unit, whatever the order of the files. A file and a folder can't share a path. */
export function buildTree(files: readonly VolumeFile[]): Folder {
  const root: Names = new Map();
  for (const { path, bytes } of files) {
    const problem = pathProblem(path);
    if (problem !== undefined) throw new RangeError(`${path} ${problem}`);
    const names = path.split("/");
    const last = names.pop() as string;
    let folder = root;
    for (const name of names) {
      const inside = folder.get(name) ?? new Map();
      if (!(inside instanceof Map)) throw new RangeError(`${path} is inside of a file`);
      folder.set(name, inside);
      folder = inside;
    }
    if (folder.has(last)) throw new RangeError(`${path} is there twice`);
    folder.set(last, bytes);
  }
  return folderOf("", "", root);
}

function folderOf(name: string, shortName: string, names: Names): Folder {
  const taken = new Set<string>();
  const entries = [...names]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([entry, content]): File | Folder => {
      const short = uniqueShortName(entry, content instanceof Map, taken);
      return content instanceof Map
        ? folderOf(entry, short, content)
        : { kind: "file", name: entry, shortName: short, bytes: content };
    });
  return { kind: "folder", name, shortName, entries };
}

/** At most eight and three characters, of capital letters, digits and underscores. */
function uniqueShortName(name: string, isFolder: boolean, taken: Set<string>): string {
  const dot = isFolder ? -1 : name.lastIndexOf(".");
  const stem = allowed(dot <= 0 ? name : name.slice(0, dot)).slice(0, 8);
  const extension = allowed(dot <= 0 ? "" : name.slice(dot + 1)).slice(0, 3);
  for (let number = 0; ; number++) {
    const suffix = number === 0 ? "" : String(number);
    const unique = stem.slice(0, 8 - suffix.length) + suffix;
    const short = isFolder ? unique : `${unique}.${extension}`;
    if (taken.has(short)) continue;
    taken.add(short);
    return short;
  }
}

function allowed(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9_]/g, "_");
}

import type { ImportedKind, ImportedResource } from "../resource.js";

/** Letters that aren't of ASCII, and no such letter with a mark either. */
const LIKE: Readonly<Record<string, string>> = {
  ß: "ss",
  ẞ: "SS",
  æ: "ae",
  Æ: "AE",
  œ: "oe",
  Œ: "OE",
  ø: "o",
  Ø: "O",
  ł: "l",
  Ł: "L",
  đ: "d",
  Đ: "D",
  ı: "i",
};

/** "größe" is read in "grosse", and not in "gr-e". */
export function inAscii(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^ -~]/gu, (letter) => LIKE[letter] ?? letter);
}

/** A name as Pulumi can have it. */
export function plainName(kind: ImportedKind, text: string): string {
  return (
    inAscii(text)
      .replace(/[^A-Za-z0-9._-]+/g, "-")
      .replace(/^-+|-+$/g, "") || kind.toLowerCase()
  );
}

/**
 * Names of resources, in their order, each once a kind: libvirt's own where Pulumi can have them, whatever else comes before; with the host in
 * front where several hosts have something of that name.
 */
export function resourceNames(
  resources: readonly Pick<ImportedResource, "kind" | "libvirtName" | "hosts">[],
): string[] {
  const keyOf = ({ kind, libvirtName }: (typeof resources)[number]) => `${kind} ${libvirtName}`;
  const places = new Map<string, Set<string>>();
  for (const resource of resources) {
    const key = keyOf(resource);
    places.set(key, (places.get(key) ?? new Set()).add(resource.hosts.join(" ")));
  }
  const wanted = resources.map((resource) => {
    const { kind, libvirtName, hosts } = resource;
    const isAlone = places.get(keyOf(resource))?.size === 1;
    const name = plainName(kind, isAlone ? libvirtName : [...hosts, libvirtName].join("-"));
    return { kind, name, isExact: name === libvirtName };
  });
  const names = new Array<string>(resources.length);
  const taken = new Set<string>();
  for (const exact of [true, false])
    for (const [at, { kind, name, isExact }] of wanted.entries()) {
      if (isExact !== exact) continue;
      let free = name;
      for (let i = 2; taken.has(`${kind} ${free}`); i++) free = `${name}-${i}`;
      taken.add(`${kind} ${free}`);
      names[at] = free;
    }
  return names;
}

const RESERVED = new Set(
  (
    "abstract any arguments as async await boolean break case catch class const constructor continue debugger declare default delete do else enum eval export extends " +
    "false finally for from function get global globalThis if implements import in infer Infinity instanceof interface is keyof let module namespace NaN never new null " +
    "number object of package private process protected public readonly require return set static string super switch symbol this throw true try type typeof " +
    "undefined unique unknown using var void while with yield kvm pulumi exports console Object String Number Array Promise Map Set Error Symbol Buffer"
  ).split(" "),
);

const SUFFIXES: Readonly<Record<ImportedKind | "Host", string>> = {
  Host: "Host",
  StoragePool: "Pool",
  Network: "Network",
  Disk: "Disk",
  VirtualMachine: "Vm",
};

/** Names of variables: those of the resources as TypeScript can have them, each once in the program. */
export class Identifiers {
  readonly #taken = new Set(RESERVED);

  claim(kind: ImportedKind | "Host", name: string): string {
    const words = inAscii(name)
      .split(/[^A-Za-z0-9]+/)
      .filter((word) => word !== "");
    const camel = words
      .map((word, i) => (i === 0 ? lowerFirst(word) : `${word[0]?.toUpperCase()}${word.slice(1)}`))
      .join("");
    const suffix = SUFFIXES[kind];
    const plain =
      camel === "" ? suffix.toLowerCase() : /^\d/.test(camel) ? `${suffix.toLowerCase()}${camel}` : camel;
    const tries = [plain, `${plain}${suffix}`];
    for (let i = 2; ; i++) {
      const free = tries.find((identifier) => !this.#taken.has(identifier));
      if (free !== undefined) {
        this.#taken.add(free);
        return free;
      }
      tries.push(`${plain}${suffix}${i}`);
    }
  }
}

/** "DB" stays together: db. */
function lowerFirst(word: string): string {
  return /^[A-Z0-9]+$/.test(word) ? word.toLowerCase() : `${word[0]?.toLowerCase()}${word.slice(1)}`;
}

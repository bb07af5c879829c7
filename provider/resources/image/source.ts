/** Where an image comes from: an address, which hosts fetch themselves, or a file of the machine that runs Pulumi. */
export type Source =
  | {
      kind: "url";
      url: URL;
      fileName: string;
      /** For messages: host and file name, without login, query and folders, any of which may be a secret. */
      label: string;
    }
  | { kind: "file"; path: string; fileName: string; label: string };

/** Reads the canonical form of the input `source`. */
export function parseSource(text: string): Source {
  if (!/^https?:\/\//i.test(text)) {
    const fileName = text.slice(Math.max(text.lastIndexOf("/"), text.lastIndexOf("\\")) + 1);
    return { kind: "file", path: text, fileName, label: fileName };
  }
  const url = new URL(text);
  const fileName = decoded(url.pathname.slice(url.pathname.lastIndexOf("/") + 1));
  return { kind: "url", url, fileName, label: `${fileName || "a file"} from ${url.host}` };
}

/** What is wrong with a source, as the end of a sentence that begins with it. */
export function sourceProblem(text: string): string | undefined {
  if (text === "") return "must be an https or http URL, or the path of a file of this machine";
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return undefined;
  if (scheme !== "http" && scheme !== "https")
    return scheme === "file"
      ? "must be a path rather than a file URL: a path of this machine, absolute or from the program's folder"
      : `must be an https or http URL, or the path of a file of this machine; ${scheme} isn't supported`;
  if (!URL.canParse(text) || new URL(text).hostname === "") return "is no valid URL";
  return undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Without login, query and folders, for whatever of it other programs print. */
export function withoutAddress(message: string, { url }: { url: URL }): string {
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  return [url.href, bare.href, url.pathname + url.search, url.search, url.password]
    .filter((part) => part.length > 1)
    .reduce((text, part) => text.replaceAll(part, "..."), message);
}

import { type Checksum, checksumText } from "./checksum.js";

/** The host has no way to the source; another machine may have one. */
export class SourceUnreachable extends Error {
  override readonly name = "SourceUnreachable";
}

/** What came isn't what was to come. */
export class WrongChecksum extends Error {
  override readonly name = "WrongChecksum";

  constructor(label: string, where: string, expected: Checksum, foundHex: string, by: "declared" | "listed") {
    const why =
      by === "declared"
        ? "Either what is declared is of another version, or the content was changed on its way or at its source"
        : "Either there is another version now (another revision has the list of checksums read anew), or the content was changed on its way or at its source";
    super(
      `${label}, ${where}, has the ${expected.algorithm} sum ${foundHex} and should have ${expected.hex}; nothing of it was kept. ${why}`,
    );
  }
}

/** The content at a source that was pinned when it was first fetched. */
export class SourceChanged extends Error {
  override readonly name = "SourceChanged";

  constructor(label: string, where: string, pinned: Checksum, foundHex: string) {
    super(
      `${label}, ${where}, isn't any more what it was when this image was first fetched: then ${checksumText(pinned)}, now ${foundHex}; nothing of it was kept. Give another revision to take the new content on every host`,
    );
  }
}

import { type Checksum, checksumText } from "./checksum.js";

/** The host has no way to the source; another machine may have one. */
export class SourceUnreachable extends Error {
  override readonly name = "SourceUnreachable";
}

/** What came isn't what was to come. Several hosts may find the same. */
export abstract class WrongContent extends Error {
  readonly #where: string;
  readonly #describe: (where: string) => string;

  constructor(where: string, describe: (where: string) => string) {
    super(describe(where));
    this.#where = where;
    this.#describe = describe;
  }

  /** One message for those that found the same. */
  static inOneMessage(errors: readonly WrongContent[]): string[] {
    const findings = new Map<string, WrongContent[]>();
    for (const error of errors) {
      const finding = error.#describe("");
      findings.set(finding, [...(findings.get(finding) ?? []), error]);
    }
    return [...findings.values()].map((same) =>
      (same[0] as WrongContent).#describe(same.map((each) => each.#where).join(" and ")),
    );
  }
}

export class WrongChecksum extends WrongContent {
  override readonly name = "WrongChecksum";

  constructor(label: string, where: string, expected: Checksum, foundHex: string, by: "declared" | "listed") {
    const why =
      by === "declared"
        ? "Either what is declared is of another version, or the content was changed on its way or at its source"
        : "Either there is another version now (another revision has the list of checksums read anew), or the content was changed on its way or at its source";
    super(
      where,
      (places) =>
        `${label}, ${places}, has the ${expected.algorithm} sum ${foundHex} and should have ${expected.hex}; nothing of it was kept. ${why}`,
    );
  }
}

/** The content at a source that was pinned when it was first fetched. */
export class SourceChanged extends WrongContent {
  override readonly name = "SourceChanged";

  constructor(label: string, where: string, pinned: Checksum, foundHex: string) {
    super(
      where,
      (places) =>
        `${label}, ${places}, isn't any more what it was when this image was first fetched: then ${checksumText(pinned)}, now ${foundHex}; nothing of it was kept. Give another revision to take the new content on every host`,
    );
  }
}

import type { StoragePool } from "./storage-pool.js";
import type { In } from "./types.js";

/** A further file on the medium of an {@link AnswerFile}, in bytes. */
export interface AnswerFileBytes {
  /** The bytes, in base64. */
  base64: In<string>;
}

/**
 * Answers for an installer, on a CD-ROM of their own that the provider writes and attaches, as {@link CloudInit}'s seed: named by its content,
 * secret in the state, replaced at the guest's next boot when it changes.
 *
 * Errors, at preview: an answer file that is no well-formed XML, or another document, which Windows Setup would pass over without a word; paths
 * that a CD-ROM can't have (names of more than 64 characters, more than 8 folders deep, `* : ; ? \`).
 *
 * @example
 * ```ts
 * answerFile: {
 *   windows: readFileSync("autounattend.xml", "utf8"),
 *   files: { "$WinPEDriver$/viostor.inf": readFileSync("viostor.inf", "utf8") },
 * }
 * ```
 */
export interface AnswerFile {
  /** `autounattend.xml`, for Windows Setup. */
  windows?: In<string>;
  /** `ks.cfg`, for Anaconda (Fedora, RHEL and their like); the medium is then labelled `OEMDRV`, which is what it looks for. */
  kickstart?: In<string>;
  /** Further files by their paths on the medium, each a text or `{ base64 }`. */
  files?: In<Record<string, In<string | AnswerFileBytes>>>;
  /** Pool that holds the medium. Default: that of the VM's first disk. */
  pool?: In<StoragePool | string>;
}

/** Whose a snapshot is. libvirt keeps nothing of ours with one but its description, so that the mark is the description's last line. */
export interface SnapshotMark {
  identityHash: string;
  nonce: string;
  /** The last value of `revert` that the guest was brought back for, as a hash; `isDone` is false from before that until after it. */
  revert?: { token: string; isDone: boolean } | undefined;
}

const PATTERN =
  /(?:^|\n)\[pulumi-kvm ([0-9a-f]{16})\.([0-9a-f]{16})(?: revert=([0-9a-f]{16})(:begun)?)?\]\s*$/;

/** A snapshot's description: what people wrote, and the mark. */
export function readDescription(description: string | undefined): {
  text: string | undefined;
  mark: SnapshotMark | undefined;
} {
  const match = PATTERN.exec(description ?? "");
  if (match === null) return { text: description, mark: undefined };
  const [, identityHash, nonce, token, begun] = match as unknown as [
    string,
    string,
    string,
    string?,
    string?,
  ];
  const text = (description ?? "").slice(0, match.index);
  const revert = token === undefined ? undefined : { token, isDone: begun === undefined };
  return { text: text === "" ? undefined : text, mark: { identityHash, nonce, revert } };
}

export function writeDescription(text: string | undefined, mark: SnapshotMark): string {
  const { identityHash, nonce, revert } = mark;
  const reverted = revert === undefined ? "" : ` revert=${revert.token}${revert.isDone ? "" : ":begun"}`;
  const line = `[pulumi-kvm ${identityHash}.${nonce}${reverted}]`;
  return text === undefined || text === "" ? line : `${text}\n${line}`;
}

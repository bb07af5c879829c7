/** State of a domain; the names are libvirt's. */
export type DomainState =
  | "noState"
  | "running"
  | "blocked"
  | "paused"
  | "shuttingDown"
  | "shutOff"
  | "crashed"
  | "suspended";

// virDomainState, and the reasons of each (virDomainRunningReason, ...), by number.
const STATES: readonly { readonly name: DomainState; readonly reasons: readonly string[] }[] = [
  { name: "noState", reasons: [] },
  {
    name: "running",
    reasons: [
      "unknown",
      "booted",
      "migrated",
      "restored",
      "fromSnapshot",
      "unpaused",
      "migrationCanceled",
      "saveCanceled",
      "wakeup",
      "crashed",
      "postCopy",
      "postCopyFailed",
    ],
  },
  { name: "blocked", reasons: ["unknown"] },
  {
    name: "paused",
    reasons: [
      "unknown",
      "user",
      "migration",
      "save",
      "dump",
      "ioError",
      "watchdog",
      "fromSnapshot",
      "shuttingDown",
      "snapshot",
      "crashed",
      "startingUp",
      "postCopy",
      "postCopyFailed",
      "apiError",
    ],
  },
  { name: "shuttingDown", reasons: ["unknown", "user"] },
  {
    name: "shutOff",
    reasons: [
      "unknown",
      "shutdown",
      "destroyed",
      "crashed",
      "migrated",
      "saved",
      "failed",
      "fromSnapshot",
      "daemon",
    ],
  },
  { name: "crashed", reasons: ["unknown", "panicked"] },
  { name: "suspended", reasons: ["unknown"] },
];

/** Names of a state and its reason; a state that this version doesn't know is "noState". */
export function domainState(
  state: number,
  reason: number,
): { state: DomainState; reasonName: string | undefined } {
  const known = STATES[state];
  return { state: known?.name ?? "noState", reasonName: known?.reasons[reason] };
}

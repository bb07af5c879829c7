import { formatBytes } from "../../provider/planning/quantity.js";
import { counted } from "../counted.js";
import { type Impact, isUntold } from "./impact.js";
import { overcommitments } from "./overcommitment.js";
import type { HostRoom, ReviewedChange } from "./report.js";

/** More than these nobody reads in a sentence. */
const MOST_NAMES = 6;

/**
 * The answer to "will any guest notice?", in plain sentences. The first says of restarts what there is to say, whatever else happens.
 */
export function verdictOf(
  changes: readonly ReviewedChange[],
  errors: readonly string[],
  hosts: readonly HostRoom[],
): string[] {
  const replaced = changes.filter(({ impacts }) => impacts.includes("replace"));
  const replacedGuests = replaced.filter(
    ({ kind, impacts }) => kind === "VirtualMachine" && impacts.includes("stop"),
  );
  const guests = {
    restart: feeling(changes, "restart"),
    stop: feeling(
      changes.filter((change) => !replacedGuests.includes(change)),
      "stop",
    ),
    pause: feeling(changes, "pause"),
    disconnect: feeling(changes, "disconnect"),
    detach: feeling(changes, "detach"),
  };
  const moving = changes.filter(({ move }) => move?.live === true);
  const lost = changes.flatMap((change) => change.lost);
  const removed = changes.filter(
    ({ kind, operation, impacts }) =>
      kind === "VirtualMachine" && operation !== "replace" && impacts.includes("delete"),
  );
  const made = changes.filter(
    ({ kind, operation, steps }) =>
      kind === "VirtualMachine" &&
      operation === "create" &&
      steps.some((step) => step.kind === "defineMachine"),
  );
  const started = changes.filter(
    (change) => !made.includes(change) && change.steps.some(({ kind }) => kind === "start"),
  );
  const untold = changes.filter(({ impacts }) => impacts.some(isUntold));
  const live = changes.filter(({ impacts }) => impacts.includes("live"));
  const later = changes.filter(({ impacts }) => impacts.includes("nextBoot"));
  const felt = [
    ...(replacedGuests.length > 0
      ? [counted(replacedGuests.length, "guest is replaced", "guests are replaced")]
      : []),
    ...(guests.restart.length > 0
      ? [counted(guests.restart.length, "guest restarts", "guests restart")]
      : []),
    ...(guests.stop.length > 0 ? [counted(guests.stop.length, "guest stops", "guests stop")] : []),
    ...(guests.pause.length > 0
      ? [counted(guests.pause.length, "guest is paused", "guests are paused")]
      : []),
    ...(guests.disconnect.length > 0
      ? [
          counted(
            guests.disconnect.length,
            "guest loses its network for some seconds",
            "guests lose their network for some seconds",
          ),
        ]
      : []),
    ...(guests.detach.length > 0
      ? [counted(guests.detach.length, "guest loses a disk or a link", "guests lose disks or links")]
      : []),
  ];
  const isWhole = untold.length === 0 && errors.length === 0;
  const restartless = guests.restart.length + replacedGuests.length === 0 ? ["no guest restarts"] : [];
  const data = lost.length > 0 ? ["data is deleted"] : [];
  const first =
    felt.length > 0
      ? `Yes: ${listed([...felt, ...data, ...restartless])}.`
      : lost.length > 0
        ? isWhole
          ? "No running guest restarts or stops, but data is deleted."
          : "Data is deleted, and it can't be told of everything whether a guest restarts."
        : !isWhole
          ? "It can't be told whether a guest restarts."
          : moving.length > 0
            ? `Hardly: no guest restarts or stops; ${counted(moving.length, "guest moves", "guests move")} to another host while running.`
            : live.length > 0
              ? "No: no guest restarts, stops or moves; what changes at once does so while guests run on."
              : "No: no guest restarts, stops or moves.";
  return [
    first,
    ...(errors.length > 0
      ? [
          "The preview failed: it can't be applied as it is, and this may not be the whole change; see its errors below.",
        ]
      : []),
    ...named(
      untold.filter(isRefused),
      "Refused, and why stands below:",
      ({ kind, name }) => `${kind} ${name}`,
    ),
    ...named(
      untold.filter((change) => !isRefused(change)),
      "Not told, and why stands below:",
      ({ kind, name }) => `${kind} ${name}`,
    ),
    ...overcommitments(hosts),
    ...sentence(guests.restart, "restarts", "restart"),
    ...named(replacedGuests, "Stopped, deleted and made anew:", replacedText),
    ...sentence(guests.stop, "stops", "stop"),
    ...sentence(guests.pause, "is paused", "are paused"),
    ...sentence(
      guests.disconnect,
      "loses its network for some seconds",
      "lose their network for some seconds",
    ),
    ...sentence(guests.detach, "loses a disk or a link while it runs", "lose disks or links while they run"),
    ...(lost.length > 0
      ? [
          `Lost for good: ${few(lost.map(({ what, host, bytes }) => `${what} on ${host}${bytes === undefined ? "" : ` (${formatBytes(bytes)})`}`))}.`,
        ]
      : []),
    ...named(
      replaced.filter((change) => !replacedGuests.includes(change)),
      "Deleted and made anew:",
      replacedText,
    ),
    ...named(removed, "Removed:", ({ name }) => name),
    ...named(made, "New:", ({ name }) => name),
    ...named(started, "Started:", ({ name }) => name),
    ...named(
      moving,
      "Moving while running:",
      ({ name, move }) =>
        `${name} ${move?.from} -> ${move?.to}, about ${secondsText(move?.expectedSeconds ?? 0)}`,
    ),
    ...named(later, "Only at the next boot:", ({ name }) => name),
    ...named(live, "Changed while running:", ({ name }) => name),
  ];
}

function replacedText({ kind, name, replaceBecause }: ReviewedChange): string {
  return `${kind} ${name}${replaceBecause.length === 0 ? "" : ` (for ${replaceBecause.join(", ")})`}`;
}

function isRefused({ impacts }: ReviewedChange): boolean {
  return impacts.includes("refused");
}

/** Names of guests that feel it: a VM's own, and those of others that a step names. */
function feeling(changes: readonly ReviewedChange[], impact: Impact): string[] {
  const names = changes.flatMap(({ kind, name, steps }) =>
    steps
      .filter(({ impacts }) => impacts.includes(impact))
      .flatMap(({ guests }) => (guests.length > 0 ? guests : kind === "VirtualMachine" ? [name] : [])),
  );
  return [...new Set(names)];
}

function sentence(names: readonly string[], one: string, many: string): string[] {
  return names.length === 0 ? [] : [`${few(names)} ${names.length === 1 ? one : many}.`];
}

function named(
  changes: readonly ReviewedChange[],
  head: string,
  text: (change: ReviewedChange) => string,
  most = MOST_NAMES,
): string[] {
  return changes.length === 0 ? [] : [`${head} ${few(changes.map(text), most)}.`];
}

function few(names: readonly string[], most = MOST_NAMES): string {
  const between = names.some((name) => name.includes(",")) ? "; " : ", ";
  if (names.length <= most) return names.join(between);
  return `${names.slice(0, most - 1).join(between)} and ${names.length - most + 1} more`;
}

function listed(parts: readonly string[]): string {
  return parts.join(", ");
}

export function secondsText(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}

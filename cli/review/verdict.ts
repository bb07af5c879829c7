import { formatBytes } from "../../provider/planning/quantity.js";
import { counted } from "../counted.js";
import { type Impact, isUntold } from "./impact.js";
import { overcommitments } from "./overcommitment.js";
import type { HostRoom, ReviewedChange } from "./report.js";

/** More than these nobody reads in a sentence. */
const MOST_NAMES = 6;
const MOST_REASONS = 3;

/**
 * The answer to "will any guest notice?", in plain sentences. The first says of restarts what there is to say, whatever else happens.
 */
export function verdictOf(
  changes: readonly ReviewedChange[],
  errors: readonly string[],
  hosts: readonly HostRoom[],
): string[] {
  const sorted = sort(changes);
  return [answer(sorted, errors), ...details(sorted, errors, hosts)];
}

type Sorted = ReturnType<typeof sort>;

/** By what comes of them; what guests feel by their names. */
function sort(changes: readonly ReviewedChange[]) {
  const ofMachines = changes.filter(({ kind }) => kind === "VirtualMachine");
  const replaced = changes.filter(({ impacts }) => impacts.includes("replace"));
  const replacedGuests = replaced.filter(
    (change) => ofMachines.includes(change) && change.impacts.includes("stop"),
  );
  const withoutReplaced = changes.filter((change) => !replacedGuests.includes(change));
  const made = ofMachines.filter(
    ({ operation, steps }) => operation === "create" && steps.some(({ kind }) => kind === "defineMachine"),
  );
  return {
    replaced: replaced.filter((change) => !replacedGuests.includes(change)),
    replacedGuests,
    restarting: feeling(changes, "restart"),
    stopping: feeling(withoutReplaced, "stop"),
    pausing: feeling(changes, "pause"),
    disconnecting: feeling(changes, "disconnect"),
    detaching: feeling(changes, "detach"),
    moving: changes.filter(({ move }) => move?.live === true),
    lost: changes.flatMap((change) => change.lost),
    removed: ofMachines.filter(
      ({ operation, impacts }) => operation !== "replace" && impacts.includes("delete"),
    ),
    made,
    started: changes.filter(
      (change) => !made.includes(change) && change.steps.some(({ kind }) => kind === "start"),
    ),
    untold: changes.filter(({ impacts }) => impacts.some(isUntold)),
    live: changes.filter(({ impacts }) => impacts.includes("live")),
    later: changes.filter(({ impacts }) => impacts.includes("nextBoot")),
  };
}

function answer(sorted: Sorted, errors: readonly string[]): string {
  const { untold, restarting, replacedGuests, lost, moving, live } = sorted;
  const felt = feltBy(sorted);
  if (felt.length > 0) {
    const data = lost.length > 0 ? ["data is deleted"] : [];
    const restartless = restarting.length + replacedGuests.length === 0 ? ["no guest restarts"] : [];
    return `Yes: ${[...felt, ...data, ...restartless].join(", ")}.`;
  }
  // Of what is to go and doesn't it is known that nothing becomes of it.
  const isWhole = untold.every(failsInDeployment) && errors.length === 0;
  if (lost.length > 0)
    return isWhole
      ? "No running guest restarts or stops, but data is deleted."
      : "Data is deleted, and it can't be told of everything whether a guest restarts.";
  if (!isWhole) return "It can't be told whether a guest restarts.";
  if (moving.length > 0)
    return `Hardly: no guest restarts or stops; ${counted(moving.length, "guest moves", "guests move")} to another host while running.`;
  return live.length > 0
    ? "No: no guest restarts, stops or moves; what changes at once does so while guests run on."
    : "No: no guest restarts, stops or moves.";
}

/** How many guests feel what, the worst first. */
function feltBy(sorted: Sorted): string[] {
  const { replacedGuests, restarting, stopping, pausing, disconnecting, detaching } = sorted;
  const kinds: [readonly unknown[], string, string][] = [
    [replacedGuests, "guest is replaced", "guests are replaced"],
    [restarting, "guest restarts", "guests restart"],
    [stopping, "guest stops", "guests stop"],
    [pausing, "guest is paused", "guests are paused"],
    [disconnecting, "guest loses its network for some seconds", "guests lose their network for some seconds"],
    [detaching, "guest loses a disk or a link", "guests lose disks or links"],
  ];
  return kinds.flatMap(([guests, one, many]) =>
    guests.length > 0 ? [counted(guests.length, one, many)] : [],
  );
}

function details(sorted: Sorted, errors: readonly string[], hosts: readonly HostRoom[]): string[] {
  const { untold, replacedGuests, replaced, moving, lost } = sorted;
  const failed =
    "The preview failed: it can't be applied as it is, and this may not be the whole change; see its errors below.";
  return [
    ...(errors.length > 0 ? [failed] : []),
    ...failing(untold.filter(failsInDeployment)),
    ...named(
      untold.filter((change) => isRefused(change) && !failsInDeployment(change)),
      "Refused, and why stands below:",
      kindAndName,
    ),
    ...named(
      untold.filter((change) => !isRefused(change)),
      "Not told, and why stands below:",
      kindAndName,
    ),
    ...overcommitments(hosts),
    ...sentence(sorted.restarting, "restarts", "restart"),
    ...named(replacedGuests, "Stopped, deleted and made anew:", replacedText),
    ...sentence(sorted.stopping, "stops", "stop"),
    ...sentence(sorted.pausing, "is paused", "are paused"),
    ...sentence(
      sorted.disconnecting,
      "loses its network for some seconds",
      "lose their network for some seconds",
    ),
    ...sentence(
      sorted.detaching,
      "loses a disk or a link while it runs",
      "lose disks or links while they run",
    ),
    ...(lost.length > 0 ? [`Lost for good: ${few(lost.map(lostText))}.`] : []),
    ...named(replaced, "Deleted and made anew:", replacedText),
    ...named(sorted.removed, "Removed:", nameOf),
    ...named(sorted.made, "New:", nameOf),
    ...named(sorted.started, "Started:", nameOf),
    ...named(moving, "Moving while running:", movingText),
    ...named(sorted.later, "Only at the next boot:", nameOf),
    ...named(sorted.live, "Changed while running:", nameOf),
  ];
}

const nameOf = ({ name }: ReviewedChange) => name;

const kindAndName = ({ kind, name }: ReviewedChange) => `${kind} ${name}`;

function lostText({ what, host, bytes }: ReviewedChange["lost"][number]): string {
  return `${what} on ${host}${bytes === undefined ? "" : ` (${formatBytes(bytes)})`}`;
}

function movingText({ name, move }: ReviewedChange): string {
  return `${name} ${move?.from} -> ${move?.to}, about ${secondsText(move?.expectedSeconds ?? 0)}`;
}

function replacedText({ kind, name, replaceBecause }: ReviewedChange): string {
  return `${kind} ${name}${replaceBecause.length === 0 ? "" : ` (for ${replaceBecause.join(", ")})`}`;
}

function isRefused({ impacts }: ReviewedChange): boolean {
  return impacts.includes("refused");
}

/** No preview knows it: Pulumi asks nobody before it deletes. */
function failsInDeployment(change: ReviewedChange): boolean {
  return isRefused(change) && ["delete", "replace"].includes(change.operation);
}

function failing(changes: readonly ReviewedChange[]): string[] {
  const shown = changes.slice(0, MOST_REASONS);
  const rest = changes.slice(MOST_REASONS);
  return [
    ...shown.map((change) => {
      const what = change.operation === "delete" ? "deleting" : "replacing";
      return `The deployment would fail at ${what} ${kindAndName(change)}: ${change.reason}.`;
    }),
    ...named(rest, "It would fail as well, and why stands below, at:", kindAndName),
  ];
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

export function secondsText(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 360) / 10} h`;
}

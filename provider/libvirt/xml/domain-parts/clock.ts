import type { Element } from "@xmldom/xmldom";
import {
  attributeOf,
  childElement,
  childElements,
  ensureChild,
  insertChild,
  removeElement,
  setAttribute,
  sketch,
} from "../element.js";
import { withoutUndefined } from "../value.js";
import type { DomainPart } from "./part.js";

/** One of the guest's clocks. */
export interface Timer {
  /** "rtc", "pit", "hpet", "kvmclock", "hypervclock", "tsc", ... */
  name: string;
  present?: boolean;
  /** What becomes of ticks that the guest missed: "delay", "catchup", "merge", "discard". */
  tickPolicy?: string;
}

/** What the guest's real-time clock shows, and the clocks that it has. */
export interface Clock {
  /** "utc", "localtime", "timezone"; of others ("variable", "absolute") how far they are off is kept as it is. */
  offset: string;
  /** Of "timezone". */
  timezone?: string;
  /** Sorted by name; those of which nothing is said are as QEMU has them. */
  timers: Timer[];
}

/** UTC without anything about the single clocks is what every domain has that asks for nothing. */
export const clock: DomainPart<Clock> = {
  read: (domain) => {
    const found = childElement(domain, "clock");
    const offset = attributeOf(found, "offset") ?? "utc";
    const timers = childElements(found, "timer").map(readTimer);
    if (offset === "utc" && timers.length === 0) return undefined;
    return withoutUndefined({
      offset,
      timezone: offset === "timezone" ? attributeOf(found, "timezone") : undefined,
      timers: sortedTimers(timers),
    });
  },
  write: (domain, value = { offset: "utc", timers: [] }) => {
    const element = ensureChild(domain, "clock", ["name", "uuid", "os", "features", "cpu"]);
    if (attributeOf(element, "offset") !== value.offset)
      for (const name of ["adjustment", "basis", "start", "timezone"]) element.removeAttribute(name);
    setAttribute(element, "offset", value.offset);
    setAttribute(element, "timezone", value.timezone);
    const wanted = new Map(value.timers.map((timer) => [timer.name, timer]));
    for (const present of childElements(element, "timer")) {
      const timer = wanted.get(attributeOf(present, "name") ?? "");
      if (timer === undefined) removeElement(present);
      else writeTimer(present, timer);
      wanted.delete(attributeOf(present, "name") ?? "");
    }
    for (const timer of wanted.values()) writeTimer(insertChild(element, sketch("timer")), timer);
  },
};

export function sortedTimers(timers: readonly Timer[]): Timer[] {
  return [...timers].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readTimer(element: Element): Timer {
  const present = attributeOf(element, "present");
  return withoutUndefined({
    name: attributeOf(element, "name") ?? "",
    present: present === undefined ? undefined : present === "yes",
    tickPolicy: attributeOf(element, "tickpolicy"),
  });
}

/** What else it says, such as how far the guest may catch up at once, stays. */
function writeTimer(element: Element, { name, present, tickPolicy }: Timer): void {
  setAttribute(element, "name", name);
  setAttribute(element, "present", present === undefined ? undefined : present ? "yes" : "no");
  setAttribute(element, "tickpolicy", tickPolicy);
}

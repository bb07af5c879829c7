import type { DomainPart } from "./part.js";
import { title } from "./title.js";
import { watchdog } from "./watchdog.js";

export type { DomainPart, PartDevices } from "./part.js";
export type { Watchdog } from "./watchdog.js";

/** Every part by the name of its property in the domain model. */
export const domainParts = {
  title,
  watchdog,
};

export type DomainPartName = keyof typeof domainParts;

/** The values of the parts, as properties of the domain model. */
export type DomainPartValues = {
  [Name in DomainPartName]?: (typeof domainParts)[Name] extends DomainPart<infer Value> ? Value : never;
};

export const domainPartNames = Object.keys(domainParts) as DomainPartName[];

/** The part of a property whose value's type isn't told apart: what is read with it can be written with it. */
export function partOf(name: DomainPartName): DomainPart<unknown> {
  return domainParts[name] as DomainPart<unknown>;
}

export function isPartName(name: string): name is DomainPartName {
  return Object.hasOwn(domainParts, name);
}

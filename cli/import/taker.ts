import type { Deployment } from "../../provider/engine/deployment.js";
import type { HostRef } from "../../provider/hosts/host-ref.js";
import type { Bag } from "./bag.js";
import type { ImportedKind, ImportedResource, LeftAlone } from "./resource.js";
import { takeOver } from "./takeover.js";

/** The inputs of an object that is to be taken over. */
export interface Described {
  needed: Bag;
  /** Given where taking over without them would change something. */
  optional?: Bag;
  notes?: readonly string[];
  /** In which people write them. */
  order?: readonly string[];
}

/** Takes over what a host has, and notes what it leaves alone there. */
export interface Taker {
  readonly left: readonly LeftAlone[];
  leave(kind: ImportedKind, name: string, why: string, isManaged?: boolean): void;
  /** None when it is left alone, or isn't there. */
  take(kind: ImportedKind, libvirtName: string, described: Described): Promise<ImportedResource[]>;
}

export function takerOn(
  ref: HostRef,
  deployment: Deployment,
  { project, progress }: { project: string; progress(text: string): void },
): Taker {
  const left: LeftAlone[] = [];
  const leave: Taker["leave"] = (kind, name, why, isManaged = false) =>
    void left.push({ kind, host: ref.name, name, why, isManaged });
  return {
    left,
    leave,
    async take(kind, libvirtName, { needed, optional = {}, notes = [], order }) {
      progress(`looking at ${libvirtName}`);
      const taken = await takeOver({ kind, libvirtName, on: [ref], project }, deployment, needed, optional);
      if (taken.kind === "left") leave(kind, libvirtName, taken.why);
      if (taken.kind !== "taken") return [];
      const keys = order ?? [...Object.keys(needed), ...Object.keys(optional)];
      const given = Object.entries(taken.inputs).sort(([a], [b]) => keys.indexOf(a) - keys.indexOf(b));
      const inputs = Object.fromEntries(given);
      return [{ kind, hosts: [ref.name], libvirtName, inputs, notes: [...notes, ...taken.notes] }];
    },
  };
}

import { type Holding, nameHeld } from "../holding.js";
import { refOf } from "./observe.js";
import type { Inputs } from "./schema.js";

/** Its name among those of its VM. */
export function holds({ host, connection, credentials, vm, name }: Partial<Inputs>): Holding[] {
  if (host === undefined || connection === undefined || vm === undefined || name === undefined) return [];
  const ref = refOf({ host, connection, credentials });
  return [
    nameHeld(ref, `snapshot of ${vm}`, name, "give each snapshot of a virtual machine a name of its own"),
  ];
}

import type { Hosts } from "../hosts/hosts.js";
import type { EngineConnection } from "./engine-connection.js";
import type { Witness } from "./witness.js";

/** What the deployment's resources share: made once a process. */
export interface Deployment {
  hosts: Hosts;
  engine: Pick<EngineConnection, "log" | "gone"> | undefined;
  now(): number;
  randomUuid(): string;
  randomNonce(): string;
  run: { id: string; holder: string };
  /** Told of every plan that a check or a diff makes. */
  witness?: Witness | undefined;
}

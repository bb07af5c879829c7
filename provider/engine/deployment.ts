import type { Hosts } from "../hosts/hosts.js";
import type { ResourceDefinition } from "../resources/definition.js";
import type { EngineConnection } from "./engine-connection.js";
import type { Witness } from "./witness.js";

// biome-ignore lint/suspicious/noExplicitAny: a registry holds definitions of many types; each method only passes values back to its own definition
export type AnyDefinition = ResourceDefinition<any, any, any>;

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

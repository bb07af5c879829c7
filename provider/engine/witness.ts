import { connect, type Socket } from "node:net";
import type { Plan } from "../planning/plan.js";
import type { JsonObject } from "./json.js";

/** What a preview's call for one resource came to: the plan of which it logs the lines. */
export interface PlanRecord {
  urn: string;
  /** `VirtualMachine`, `Disk`, ... */
  kind: string;
  /** A diff knows the resource's outputs, a check doesn't; what a check found stands in `effects`. */
  call: "check" | "diff";
  /** Whether the state has it, maybe under another URN. A check before a replacement isn't told. */
  isOnRecord: boolean;
  /** Canonical, secrets in plain. */
  inputs: JsonObject;
  found:
    | { kind: "planned"; plan: Plan /** What is said in full beside the plan. */; explained: string[] }
    /** `hostName`: the host that doesn't answer, where that is why. */
    | { kind: "unobservable"; reason: string; hostName: string | undefined }
    /** Inputs that are known only in the deployment itself. */
    | { kind: "unknown"; keys: string[] };
}

/** Who is told every plan of a preview as it is made. */
export type Witness = (record: PlanRecord) => Promise<void>;

/** Names a UNIX socket: whoever runs the Pulumi CLI and wants the plans as data listens there. */
export const WITNESS_VARIABLE = "PULUMI_KVM_WITNESS";

/**
 * Writes records, a JSON text a line, to a UNIX socket: records hold secrets, which stand in no log and no file that way. Nobody listening is no
 * reason for a preview to fail.
 */
export function witnessAt(path: string): Witness {
  let socket: Promise<Socket | undefined> | undefined;
  return async (record) => {
    socket ??= new Promise((resolve) => {
      const made = connect(path, () => resolve(made));
      made.on("error", () => resolve(undefined));
      // The provider ends when its engine does.
      made.unref();
    });
    const open = await socket;
    if (open === undefined || open.destroyed) return;
    // Settled when the system has it: the engine may end this process at any time after the last call.
    await new Promise<void>((resolve) => {
      open.once("close", () => resolve());
      open.write(`${JSON.stringify(record)}\n`, () => resolve());
    });
  };
}

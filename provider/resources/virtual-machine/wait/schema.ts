import { duration, oneOf } from "../../inputs.js";

const GOALS = ["running", "agent", "ipAddress", "ssh"] as const;

/** What a deployment can wait for once the guest was started. */
export type WaitGoal = (typeof GOALS)[number];

export const waitShape = {
  waitFor: oneOf(["none", ...GOALS]).optional(),
  waitTimeout: duration({ leastMs: 1_000, mostMs: 24 * 3_600_000 }).optional(),
};

export const DEFAULT_WAIT_TIMEOUT_MS = 5 * 60_000;

/** What a deployment has seen the guest reach since its start; it stays on record, so that the next one needn't wait again. */
export interface Readiness {
  goal: WaitGoal;
  /** Where ssh answered. */
  address?: string | undefined;
}

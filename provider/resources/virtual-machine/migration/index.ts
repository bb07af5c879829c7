export { ASLEEP } from "./errors.js";
export { type MigrationFigures, migrateLive } from "./live.js";
export type { CopiedVolume, MigrationContext, MigrationPlan, MigrationPolicy } from "./migration-plan.js";
export { type Leaving, preflight } from "./preflight.js";
export { settle } from "./settle.js";
export { moveStopped } from "./stopped.js";

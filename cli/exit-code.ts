/** What the commands end with. */
export const EXIT = {
  /** All is as it should be. */
  fine: 0,
  /** Wrong usage, or the command itself failed. */
  failed: 1,
  /** It did its work and found something. */
  found: 2,
  /** Something could not be reached or read, so that it can't tell. */
  incomplete: 3,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A line of the documentation's table of changes that no row of the planner's own table says. */
export interface ChangeNote {
  /** As programs write it; what is more than one name is Markdown. */
  input: string;
  /** What a running guest feels. */
  running: string;
  note?: string;
}

/**
 * A field and its type on the wire: `string`, `uuid`, `int`, `uint`, `ushort`, `hyper`, `uhyper`, the name of a
 * structure; `T?` optional, `T[n]` exactly n, `T[<n]` at most n, `opaque[<n]` at most n bytes.
 */
export type FieldSpec = readonly [name: string, type: string];

/** The program that a procedure belongs to. */
export type ProgramName = "remote" | "qemu";

/** What is on the wire for one procedure. */
export interface ProcedureSpec {
  readonly program: ProgramName;
  readonly number: number;
  readonly args: readonly FieldSpec[];
  readonly result: readonly FieldSpec[];
  /** Which way the data of the stream goes that the procedure opens. */
  readonly stream?: "read" | "write";
}

/** What is on the wire for one event. */
export interface EventSpec {
  readonly program: ProgramName;
  readonly number: number;
  /** The structure of its payload. */
  readonly payload: string;
}

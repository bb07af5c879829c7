import type { Events, Procedures } from "./generated/procedures.js";

/** Name of a procedure of the table. */
export type ProcedureName = keyof Procedures;
/** Its arguments. */
export type ProcedureArgs<Name extends ProcedureName> = Procedures[Name]["args"];
/** Its result. */
export type ProcedureResult<Name extends ProcedureName> = Procedures[Name]["result"];
/** Name of an event of the table. */
export type EventName = keyof Events;
/** An event's payload. */
export type EventPayload<Name extends EventName> = Events[Name];

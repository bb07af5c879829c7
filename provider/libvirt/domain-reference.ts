import type { Domain } from "./rpc/index.js";

/** A domain by its UUID, as procedures take it: the daemon looks at nothing else, the name is only for its messages. */
export function domainByUuid(uuid: string): Domain {
  return { name: uuid, uuid, id: -1 };
}

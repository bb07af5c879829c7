/** The VM is there, and what was asked for can't be shown now; the message says why and what helps. */
export class ConsoleRefused extends Error {
  override readonly name = "ConsoleRefused";
}

/** Nobody knows what becomes of the VM: its host doesn't answer any more. */
export class HostLost extends Error {
  override readonly name = "HostLost";
}

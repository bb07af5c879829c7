import type { Host } from "../../../hosts/host.js";
import { waitMarkKind, writeWaitMark } from "../../../libvirt/xml/index.js";
import { setMark } from "../metadata.js";
import type { Inputs } from "../schema.js";

/** Before a guest is started that will be waited for: a run that is cut off in between leaves its former readiness on record. */
export async function noteStart(host: Host, uuid: string, { waitFor = "none" }: Inputs): Promise<void> {
  if (waitFor !== "none") await noteAwaited(host, uuid);
}

/** Nobody waits for it beyond its start. */
export async function forgetStarted(host: Host, uuid: string, { waitFor = "none" }: Inputs): Promise<void> {
  if (waitFor === "none") await forgetAwaited(host, uuid);
}

/** Before a guest is shut down to be started again: who finds it off afterwards knows that it didn't choose to be. */
export async function noteAwaited(host: Host, uuid: string): Promise<void> {
  const record = await host.idempotent((libvirt) => libvirt.domains.observe({ uuid }));
  if (record !== undefined) await setMark(host, record, waitMarkKind, writeWaitMark());
}

/** It was seen ready. */
export async function forgetAwaited(host: Host, uuid: string): Promise<void> {
  const record = await host.idempotent((libvirt) => libvirt.domains.observe({ uuid }));
  if (record !== undefined) await setMark(host, record, waitMarkKind, undefined);
}

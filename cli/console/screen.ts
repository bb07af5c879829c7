import type { Duplex } from "node:stream";
import { screens } from "../../provider/libvirt/xml/console.js";
import type { Machine } from "./machine.js";
import { ConsoleRefused } from "./refused.js";

/** A VM's VNC server, as its host reaches it. */
export interface Screen {
  open(signal: AbortSignal): Promise<Duplex>;
}

export function vncScreen({ label, host, liveXml }: Machine): Screen {
  const all = screens(liveXml);
  const vnc = all.find(({ type }) => type === "vnc");
  if (vnc === undefined)
    throw new ConsoleRefused(
      all.length === 0
        ? `${label} shows its screen to nobody; graphics: { type: "vnc" } adds it, at its next boot`
        : `${label} shows its screen by ${all.map(({ type }) => type).join(", ")}, not by VNC; graphics: { type: "vnc" } changes it, at its next boot; --screenshot works with both`,
    );
  const { listener } = vnc;
  switch (listener.kind) {
    case "none":
      throw new ConsoleRefused(
        `${label}'s VNC listens nowhere (its <listen> is of type "none"); graphics: { type: "vnc", listen: "127.0.0.1" } changes it, at its next boot`,
      );
    case "unix":
      return { open: (signal) => host.openUnix(listener.path, { signal }) };
    case "tcp": {
      const { address, port } = listener;
      return { open: (signal) => host.openTcp(oneOf(address), port, { signal }) };
    }
    default:
      return listener satisfies never;
  }
}

/** To all addresses nobody can connect. */
function oneOf(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" || address === "[::]" ? "::1" : address;
}

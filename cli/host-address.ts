import type { Connection } from "../provider/hosts/host-ref.js";
import { UsageError } from "./usage-error.js";

export const HOST_FORMS =
  '[USER@]HOST[:PORT] as ssh has it (aliases of its configuration too), qemu+ssh://[USER@]HOST[:PORT]/system, or "local"';

/** A host as people give it on a command line. What isn't said is as `ssh` has it. */
export function parseHostAddress(text: string): Connection {
  if (text === "local" || text === "qemu:///system") return { address: "local" };
  const isUri = text.includes("://");
  const scheme = /^(qemu\+ssh|ssh):\/\//.test(text);
  // Without a scheme an address with several colons and no brackets is IPv6, and has no port.
  const bare = /^([^@]+@)?[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.%a-z0-9]*$/.exec(text);
  if (bare !== null) {
    const at = text.lastIndexOf("@");
    return { address: text.slice(at + 1), ...(at === -1 ? {} : { user: text.slice(0, at) }) };
  }
  let url: URL | undefined;
  if (isUri === scheme)
    try {
      url = new URL(isUri ? text : `ssh://${text}`);
    } catch {
      // Said below.
    }
  const isWhole = url !== undefined && ["", "/", "/system"].includes(url.pathname) && url.hash === "";
  if (url === undefined || !isWhole || url.hostname === "" || url.password !== "" || url.search !== "")
    throw new UsageError(`${url?.password ? "the host" : JSON.stringify(text)}: must be ${HOST_FORMS}`);
  return {
    address: decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, "$1"),
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    ...(url.username === "" ? {} : { user: decodeURIComponent(url.username) }),
  };
}

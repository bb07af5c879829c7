import type { ProcedureName } from "../../provider/libvirt/rpc/index.js";
import { RpcClosedError, RpcConnection } from "../../provider/libvirt/rpc/index.js";

/**
 * From now on, once, a call seems to lose its connection: `before` it was sent, or `after` the host has done what it asked (the
 * host's answer is thrown away). The connection itself stays open, so that nothing but this process is confused.
 */
export function loseReply(
  procedure: ProcedureName,
  when: "before" | "after",
): Disposable & { lost: boolean } {
  const { call } = RpcConnection.prototype;
  const fault = {
    lost: false,
    [Symbol.dispose]: () => {
      RpcConnection.prototype.call = call;
    },
  };
  RpcConnection.prototype.call = async function (this: RpcConnection, name, args, options) {
    if (name !== procedure || fault.lost) return call.call(this, name, args, options);
    fault.lost = true;
    if (when === "after") await call.call(this, name, args, options);
    throw new RpcClosedError("the connection was lost", { sent: when === "after" });
  } as typeof call;
  return fault;
}

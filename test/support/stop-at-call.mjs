/**
 * Stops a process at a libvirt call, so that a test can kill it right there. Preloaded with `node --import`, also through
 * NODE_OPTIONS, so that it gets into a provider process that Pulumi starts. Environment:
 *
 * PULUMI_KVM_TEST_STOP_AT      <Procedure>:<before|sent|after>[:<n-th>]: hang before the call is sent, as soon as it was sent, or when
 *                              its reply (an error too) has come; at the first such call, or the n-th of the process. `*` is any call that
 *                              changes something
 * PULUMI_KVM_TEST_STOP_FILE    written with the process id when the moment has come
 * PULUMI_KVM_TEST_STOP_MODULE  path of provider/libvirt/rpc/index.js of the package under test: the class that it loads is patched
 *
 * Without the first it does nothing. Only the one call hangs; timers, keepalive and other calls go on, as in a process that is
 * busy elsewhere.
 */
import { realpathSync, renameSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const {
  PULUMI_KVM_TEST_STOP_AT: stopAt,
  PULUMI_KVM_TEST_STOP_FILE: stopFile,
  PULUMI_KVM_TEST_STOP_MODULE: modulePath,
} = process.env;

const CHANGES =
  /^(Domain(Define|Create|Set|Attach|Detach|Update|Shutdown|Destroy|Undefine|Block[CRS])|StorageVol(Create|Delete|Upload|Resize)|StoragePoolRefresh)/;

if (stopAt !== undefined && stopAt !== "") {
  if (stopFile === undefined || modulePath === undefined)
    throw new Error(
      "PULUMI_KVM_TEST_STOP_AT needs PULUMI_KVM_TEST_STOP_FILE and PULUMI_KVM_TEST_STOP_MODULE",
    );
  await patch(modulePath, stopAt, stopFile);
}

/**
 * @param {string} path
 * @param {string} moment
 * @param {string} reportTo
 */
async function patch(path, moment, reportTo) {
  const [procedure = "", when = "", nth = "1"] = moment.split(":");
  if (!["before", "sent", "after"].includes(when)) throw new Error(`before, sent or after? ${moment}`);
  // The real path, as an import resolves it: else it would be another copy of the module that is patched.
  const { RpcConnection } = await import(pathToFileURL(realpathSync(path)).href);
  const call = RpcConnection.prototype.call;
  let left = Number(nth);

  /**
   * @this {unknown}
   * @param {string} name
   * @param {...unknown} rest
   */
  RpcConnection.prototype.call = async function (name, ...rest) {
    const isMeant = procedure === "*" ? CHANGES.test(name) : name === procedure;
    if (!isMeant || --left !== 0) return call.call(this, name, ...rest);
    if (when === "before") return hang();
    const replied = call.call(this, name, ...rest);
    // A reply that nobody takes is no unhandled rejection.
    const settled = Promise.resolve(replied).then(
      () => undefined,
      () => undefined,
    );
    if (when === "after") await settled;
    return hang();
  };

  function hang() {
    // Renamed into place: who waits for the file finds it whole.
    writeFileSync(`${reportTo}.new`, String(process.pid));
    renameSync(`${reportTo}.new`, reportTo);
    return new Promise(() => {});
  }
}

import type { Connection } from "../hosts/host-ref.js";
import type { Silence } from "./examine.js";
import type { Finding } from "./finding.js";
import { shellWord, Verdict } from "./verdict.js";

/** What is said of a host that can't be looked at. Pure. */
export function judgeSilence(
  host: { name: string; address: string; connection?: Connection },
  silence: Silence,
): Finding {
  const verdict = new Verdict(host.name);
  const { reason, knownHostsFile, knownHostsLine } = silence;
  const address = host.address.replace(/^-+/, "");
  const { port, user, sshConfig } = host.connection ?? {};
  const asSshHasIt = [
    ...(typeof sshConfig === "string" ? [`-F ${shellWord(sshConfig)}`] : []),
    ...(port === undefined ? [] : [`-p ${port}`]),
  ];
  const login = shellWord(user === undefined ? address : `${user}@${address}`);
  switch (silence.kind) {
    case "hostKeyUnknown":
      return verdict.unreachable(reason, {
        why: "Whoever answers at an address that isn't known could be anybody; no login is tried before the key is known.",
        on: "here",
        commands:
          knownHostsLine === undefined || knownHostsFile === undefined
            ? []
            : [
                "# compare the fingerprint with what the host itself says: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
                `echo ${shellWord(knownHostsLine)} >> ${shellWord(knownHostsFile)}`,
              ],
      });
    case "hostKeyMismatch":
    case "hostKeyRevoked":
      return verdict.unreachable(reason, {
        why: "The host was reinstalled, or somebody stands between; nothing was sent to it.",
        on: "here",
        commands: [
          "# only when you know why the key has changed:",
          `ssh-keygen -R ${shellWord(port === undefined || port === 22 ? address : `[${address}]:${port}`)}${knownHostsFile === undefined ? "" : ` -f ${shellWord(knownHostsFile)}`}`,
        ],
      });
    case "authRefused":
      return verdict.unreachable(reason, {
        why: "Everything is done over ssh.",
        on: "here",
        commands: [["ssh-copy-id", ...asSshHasIt, login].join(" ")],
      });
    case "configInvalid":
    case "keyInvalid":
      return verdict.unreachable(reason, { why: "Everything is done over ssh." });
    case "unreachable":
    case "timeout":
    case "closed":
    case "streamRefused":
    case "outputTooLarge":
    case "aborted":
    case "other":
      return verdict.unreachable(reason, {
        why: "What is on it is unknown: previews warn of it, and its resources can't be changed.",
        on: "here",
        commands: address === "local" ? [] : [["ssh -v", ...asSshHasIt, login, "true"].join(" ")],
      });
    default:
      return silence.kind satisfies never;
  }
}

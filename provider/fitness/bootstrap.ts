import { quoteCommand } from "../ssh/quote.js";
import { bootstrapScript } from "./bootstrap-script.js";
import { factsScript } from "./facts-script.js";
import type { Finding } from "./finding.js";
import { judgeHost } from "./judge-host.js";
import { parseMachine } from "./machine.js";

/** What a host is to have. */
export interface BootstrapSettings {
  /** A login that is to be in the group libvirt; default: the one that is logged in. */
  member?: string | undefined;
  pool?: { name: string; path: string } | undefined;
  bridge?: { name: string; port?: string | undefined } | undefined;
  firmware: boolean;
  tpm: boolean;
}

/** What came of it. */
export interface BootstrapResult {
  distribution: string;
  /** What was done, a line each; none when all was as it should be. */
  changes: string[];
  /** What couldn't be done, or won't last. */
  notes: string[];
  /** What `kvm doctor` says of the host, as far as the host itself knows. */
  findings: Finding[];
  /** Nothing that prevents anything was found. */
  fit: boolean;
}

/** As root, whoever logs in; the script comes on standard input, so that it stands in no list of processes. */
const AS_ROOT = 'if [ "$(id -u)" = 0 ]; then exec sh -s -- "$@"; else exec sudo -n -- sh -s -- "$@"; fi';

const MARK = "pulumi-kvm facts";

/** The facts are those of who logs in, in a session that knows of new groups. */
const MAIN = `
everything() {
  login=\${SUDO_USER:-root}
  case " $* " in *" member="*) bootstrap "$@" ;; *) bootstrap "$@" "member=$login" ;; esac
  echo '${MARK}'
  if [ "$login" = root ]; then sh -c "$facts"; else runuser -u "$login" -- sh -c "$facts"; fi
}
everything "$@" </dev/null
exit
`;

/** The command, and what it reads. Run as often as one likes: what is as it should be is left alone. */
export function bootstrapCommand(settings: BootstrapSettings): { create: string; stdin: string } {
  const { member, pool, bridge, firmware, tpm } = settings;
  const words = [
    ...(member === undefined ? [] : [`member=${member}`]),
    ...(pool === undefined ? [] : [`pool=${pool.name}`, `pool-path=${pool.path}`]),
    ...(bridge === undefined ? [] : [`bridge=${bridge.name}`]),
    ...(bridge?.port === undefined ? [] : [`bridge-port=${bridge.port}`]),
    `firmware=${firmware ? "yes" : "no"}`,
    `tpm=${tpm ? "yes" : "no"}`,
  ];
  return {
    create: quoteCommand(["sh", "-c", AS_ROOT, "sh", ...words]),
    stdin: `${bootstrapScript}\nfacts=${quoteCommand([factsScript])}\n${MAIN}`,
  };
}

/** Reads what the command has printed. Lines that mean nothing are left out. */
export function readBootstrap(name: string, stdout: string): BootstrapResult {
  const cut = stdout.indexOf(`${MARK}\n`);
  const [own, facts] = cut === -1 ? [stdout, ""] : [stdout.slice(0, cut), stdout.slice(cut)];
  const said = (key: string) =>
    own.split("\n").flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));
  const machine = parseMachine(facts);
  const { user } = machine;
  const findings = judgeHost(
    {
      ...{ name, address: name },
      seen: {
        ...{ kind: "reached", migrationAddress: name, user: user.name, machine, asked: undefined },
        ...{ libvirt: { kind: "unasked" }, warnings: [] },
      },
    },
    new Date(machine.clock.first * 1_000),
    // Who logged in, and by which key, isn't this package's doing.
  ).filter(({ check }) => check !== "login");
  return {
    distribution: machine.distribution.name,
    changes: said("change"),
    notes: said("note"),
    findings,
    fit: findings.every(({ level }) => level === "fine" || level === "notice"),
  };
}

import { Command } from "commander";
import { ANSWERS_WITHIN_MS } from "../../provider/hosts/patience.js";
import { formatDuration } from "../../provider/planning/quantity.js";
import { examples, exitCodes, paragraphs, repeated } from "../help.js";
import { driftKinds, findingKinds } from "./finding.js";
import { type DriftOptions, driftFormats, whatItEndsWith } from "./options.js";

export function driftCommand(end: (code: number) => void): Command {
  const command = new Command("drift")
    .summary("whether the hosts are still as the stack says")
    .description(
      paragraphs(`Compares a stack's state with the live hosts, without running the program: reads each host in bulk over one connection, and plans
each resource as "pulumi preview" does. Changes nothing; libvirt is only made to look at the storage of the stack's pools again.

Found are: what has drifted (which property, what was wanted, what is there, what "pulumi up" would do and what a running guest feels
of it), what is missing, objects that carry this package's mark and are in no given state (orphan), moves that were cut off, guests
that I/O errors have paused, and, as notices, changes that wait for a guest's restart and pools that are nearly full. A host that does
not answer, or stops to, is given up after its connect timeout, one whose libvirt hangs over something (a pool on storage that doesn't
answer) after --answer-timeout; it is never taken for one on which everything is missing, and the others are reported in full.`),
    )
    .option(
      "-s, --stack <name>",
      "a stack to look at, once or more; default: the one that is selected",
      repeated,
    )
    .option("-C, --cwd <folder>", "the Pulumi project's folder; default: this one")
    .option(
      "--state <file>",
      'what "pulumi stack export" wrote, once or more; "-" reads stdin. With --show-secrets it holds the logins of hosts',
      repeated,
    )
    .option(
      "--all",
      "also list domains, networks and pools that are nobody's (unmanaged), and look at all pools",
    )
    .option(
      "--ignore <pattern>",
      'leave out findings: RESOURCE or RESOURCE#PROPERTY, with "*" for any text; RESOURCE is a name, KIND/NAME, a URN, "domain NAME" or FINDING/"domain NAME"; once or more',
      repeated,
    )
    .option("--since <file>", "only what isn't in this earlier report of --json")
    .option(
      "--answer-timeout <duration>",
      "how long a host may leave what it is asked unanswered; then it is given up, and reported as one that doesn't answer",
      formatDuration(ANSWERS_WITHIN_MS),
    )
    .option("--pool-threshold <percent>", "from when on a pool counts as nearly full", "90")
    .option(
      "--fail-on <kinds>",
      `kinds of findings that exit with 2, separated by commas: ${findingKinds.join(", ")}; default: ${driftKinds.join(", ")}`,
      repeated,
    )
    .option(
      "-f, --format <format[=file]>",
      `${driftFormats.join(", ")}; once or more, all but one to files; default: table`,
      repeated,
    )
    .option("--json", "the same as --format json; its schema is schemas/drift-1.schema.json in this package")
    .option("-q, --quiet", "no progress on stderr")
    .action(async (options: DriftOptions) => end(await (await import("./run.js")).runDrift(options)));
  examples(command, [
    ["kvm drift --stack prod", "in a project's folder"],
    [
      "kvm drift --stack prod --format html=drift.html --format junit=drift.xml",
      "two files; nothing on stdout",
    ],
    ["pulumi stack export --show-secrets | kvm drift --state - --json", "without the Pulumi CLI being run"],
    ["kvm drift --ignore 'web#description' --ignore 'orphan/*'", "leave out what is known to be otherwise"],
    ["kvm drift --json --since yesterday.json", "only what is new"],
  ]);
  exitCodes(command, whatItEndsWith);
  return command;
}

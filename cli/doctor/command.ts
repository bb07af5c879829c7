import { Command } from "commander";
import { MOST_WITH_ALL_WAYS } from "../../provider/fitness/examine-ways.js";
import { connectionOptions } from "../connection-options.js";
import { examples, exitCodes, paragraphs, repeated } from "../help.js";
import { HOST_FORMS } from "../host-address.js";
import { type DoctorOptions, doctorEndsWith, doctorFormats, runDoctor } from "./run.js";

export function doctorCommand(end: (code: number) => void): Command {
  const command = new Command("doctor")
    .summary("whether hosts are fit for VMs, and for moving them")
    .description(
      paragraphs(`Looks at hosts, whether or not pulumi-kvm manages them yet: login and host key, sudo and groups, libvirt and QEMU, KVM, nested
KVM, IOMMU, CPU, machine types, UEFI and TPM, programs for images, storage pools and their room, networks, time, certificates; and, for each host to each other
(of more than ${MOST_WITH_ALL_WAYS}: to some others), whether its name leads to it, whether its ports for migrations can be connected to (it
listens on the first and the last free one of them for a moment, and the other connects), whether guests' CPUs and machine types fit, and
which pools and networks it lacks.

Each finding says why it matters and which command puts it right. Changes nothing. Each host is asked over one connection, all at once; one
that doesn't answer is given up after the connect timeout, and the others are reported all the same. libvirt's own calls compare the CPUs.`),
    )
    .argument("[host...]", `${HOST_FORMS}; default: the hosts of the selected stack`)
    .option("-s, --stack <name>", "the hosts that a stack declares, once or more", repeated)
    .option("-C, --cwd <folder>", "the Pulumi project's folder; default: this one")
    .option(
      "--state <file>",
      'the hosts of what "pulumi stack export" wrote, once or more; "-" reads stdin',
      repeated,
    )
    .option(
      "--ignore <check>",
      'leave out a check, "kvm" for instance, or that of one host: HOST/CHECK; once or more',
      repeated,
    )
    .option(
      "-f, --format <format[=file]>",
      `${doctorFormats.join(", ")}; once or more, all but one to files; default: table`,
      repeated,
    )
    .option("--json", "the same as --format json; its schema is schemas/doctor-1.schema.json in this package")
    .option("-q, --quiet", "no progress on stderr")
    .action(async (hosts: string[], options: DoctorOptions) => end(await runDoctor(hosts, options)));
  connectionOptions(command);
  examples(command, [
    ["kvm doctor root@kvm1.example.net", "one host, before it is declared"],
    ["kvm doctor kvm1 kvm2 kvm3", "aliases of ~/.ssh/config, and the ways between them"],
    ["kvm doctor --stack prod --json", "the hosts that a stack declares, with its logins"],
    ["kvm doctor kvm1 --ignore kvm --ignore tls", "what is known to be so"],
  ]);
  exitCodes(command, doctorEndsWith);
  return command;
}

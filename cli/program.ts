import { Command } from "commander";
import { consoleCommand } from "./console/command.js";
import { doctorCommand } from "./doctor/command.js";
import { driftCommand } from "./drift/command.js";
import { examples, paragraphs } from "./help.js";
import { importCommand } from "./import/command.js";
import { packageVersion } from "./package-version.js";
import { reviewCommand } from "./review/command.js";

/** The command line, not yet run. `end` is told what the process is to end with. */
export function program(end: (code: number) => void): Command {
  const kvm = new Command("kvm")
    .description(
      paragraphs(`Looks at virtual machines that pulumi-kvm manages: reports for reviews and jobs. It observes and plans with the code of the provider
itself, so it says what "pulumi preview" says.

The "pulumi" that it runs has this process's environment: PULUMI_BACKEND_URL, PULUMI_ACCESS_TOKEN, PULUMI_CONFIG_PASSPHRASE and the
others mean what they mean there. Secrets of a state are kept in memory and printed nowhere. Colours are only used on a terminal;
NO_COLOR turns them off.`),
    )
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .configureHelp({ helpWidth: 110 })
    .showHelpAfterError("(kvm --help says more)");
  examples(kvm, [
    ["kvm drift --stack prod", "are the hosts as the stack says?"],
    ["kvm doctor kvm1 kvm2", "are hosts fit for VMs, and for moving them?"],
    ["kvm review --stack prod", "will any guest notice what the program declares now?"],
    ["kvm import alpha.example.net", "a program for what is on a host already"],
    ["kvm help drift", "what a command does"],
  ]);
  for (const command of [
    driftCommand(end),
    reviewCommand(end),
    doctorCommand(end),
    importCommand(end),
    consoleCommand(end),
  ]) {
    command.copyInheritedSettings(kvm);
    kvm.addCommand(command);
  }
  return kvm;
}

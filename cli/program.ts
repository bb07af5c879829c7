import { Command } from "commander";
import { examples, paragraphs } from "./help.js";
import { packageVersion } from "./package-version.js";

/** Told what the process is to end with. */
type End = (code: number) => void;

/** The commands in the order of the help, each with its code, which takes longer to load than some of them take. */
const commands: Readonly<Record<string, (end: End) => Promise<Command>>> = {
  drift: async (end) => (await import("./drift/command.js")).driftCommand(end),
  review: async (end) => (await import("./review/command.js")).reviewCommand(end),
  doctor: async (end) => (await import("./doctor/command.js")).doctorCommand(end),
  import: async (end) => (await import("./import/command.js")).importCommand(end),
  console: async (end) => (await import("./console/command.js")).consoleCommand(end),
};

/** The command line, not yet run; with the one command that `chosen` names, or with all when it names none. */
export async function program(end: End, chosen = ""): Promise<Command> {
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
  const names = Object.hasOwn(commands, chosen) ? [chosen] : Object.keys(commands);
  for (const command of await Promise.all(names.flatMap((name) => commands[name]?.(end) ?? []))) {
    command.copyInheritedSettings(kvm).showHelpAfterError(`(kvm ${command.name()} --help says more)`);
    kvm.addCommand(command);
  }
  return kvm;
}

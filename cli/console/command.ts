import { Command } from "commander";
import { connectionOptions } from "../connection-options.js";
import { examples, exitCodes, paragraphs } from "../help.js";
import { HOST_FORMS } from "../host-address.js";
import { DEFAULT_ESCAPE } from "./escape.js";
import { type ConsoleOptions, DEFAULT_LINK_LIFETIME, runConsole, whatItEndsWith } from "./run.js";

export function consoleCommand(end: (code: number) => void): Command {
  const command = new Command("console")
    .summary("a VM's serial console, or its screen")
    .description(
      paragraphs(`Connects this terminal to a VM's serial console, over the SSH connection that is used for everything else: no port is opened on the
host. In a terminal every key goes to the guest but the escape, which leaves; the terminal is then as it was before. Without a terminal
input and output are passed on as they are. It ends when the guest is switched off; a reboot doesn't end it, and
of a stack's VM neither does a move to another of the stack's hosts.

A console that somebody has open is refused.

--vnc serves the VM's screen to a browser on this machine: noVNC, on the loopback address, reached through the same SSH connection. The
link that it prints is good for one visit, and for as long as --link-lifetime says; it ends when the viewer leaves, and goes with a VM
of a stack that moves. A password that the stack's state has for the VNC server goes
to that page alone; else the page asks. --vnc-port passes a local port on for another viewer: whoever can log in to this machine can
connect to it, and only the VNC server's own password is in the way. --screenshot saves what the screen shows.`),
    )
    .argument(
      "<vm>",
      `HOST/NAME, without a stack; or a VM of a stack, by the name of its resource or its own, or HOST/NAME where several have it. HOST is ${HOST_FORMS}; with a stack the name of a Host resource`,
    )
    .option("--host <host>", "the host of a VM of no stack; the VM is then its name or UUID alone")
    .option("-s, --stack <name>", "the stack; default: the one that is selected")
    .option("-C, --cwd <folder>", "the Pulumi project's folder; default: this one")
    .option("--state <file>", 'instead of a stack: what "pulumi stack export --show-secrets" wrote')
    .option(
      "-d, --device <alias>",
      'another console than the first, by its alias, such as "serial1" for the first of serialPorts',
    )
    .option("-e, --escape <key>", 'what leaves: "^]", "^a", one character, or "none"', DEFAULT_ESCAPE)
    .option("--force", "take the console from whoever has it open")
    .option(
      "--linger <time>",
      'without a terminal: how long to listen after the end of the input, "5s"; default: until the guest ends',
    )
    .option("--vnc", "serve the screen to a browser, and print the link")
    .option("--vnc-port <port>", "pass this port of the loopback address on to the VNC server; 0 chooses one")
    .option("--open", "with --vnc: open the link in this machine's browser as well")
    .option(
      "--link-lifetime <time>",
      `with --vnc: how long the link may stay unused, "30s", or "none" for no limit; default: ${DEFAULT_LINK_LIFETIME}`,
    )
    .option("--keep", "with these two: go on when the viewer has left; a page has a new link then")
    .option("--screenshot <file>", 'save what the screen shows as PNG; "-" is stdout')
    .option("--screen <number>", "with --screenshot: which of several screens", "0")
    .option(
      "--json",
      "what was made, as JSON: the link or the file; its schema is schemas/console-1.schema.json in this package",
    )
    .option("-q, --quiet", "nothing on stderr but errors")
    .action(async (name: string, options: ConsoleOptions) => end(await runConsole(name, options)));
  connectionOptions(command);
  examples(command, [
    ["kvm console web", "a VM of the selected stack; ^] leaves"],
    ["kvm console ops@alpha.example.net/web", "a VM of no stack"],
    ["kvm console -J bastion.example.net alpha/web", "and of a host behind another"],
    ["kvm console web < /dev/null > boot.log", "what the guest prints, until it is switched off"],
    [
      "printf 'reboot\\n' | kvm console web --linger 5s",
      "a line for the guest, and five seconds of its answer",
    ],
  ]);
  exitCodes(command, { ...whatItEndsWith, 128: "and more: told to end by a signal, as shells count" });
  return command;
}

import { Command } from "commander";
import { connectionOptions } from "../connection-options.js";
import { examples, exitCodes, paragraphs } from "../help.js";
import { HOST_FORMS } from "../host-address.js";
import { type ImportCommandOptions, runImport, whatItEndsWith } from "./run.js";

export function importCommand(end: (code: number) => void): Command {
  const command = new Command("import")
    .summary("a program for what is on hosts already")
    .description(
      paragraphs(`Writes a Pulumi program in TypeScript that takes over virtual machines as they are on hosts, with the pools and networks that
they use: "pulumi up" on it changes nothing on the hosts but for leaving this package's marks, and guests run on.

It reads each host over one connection, writes inputs for what it finds, and has the provider plan what an "up" with them would do. An
input that would change something is left out, and named in a comment above the resource, as is what no input describes: all of that
stays as it was found. A virtual machine that can't be taken over without a change (its definition differs from what runs, for
instance) is left alone, and the report on stderr says why. What a stack has already is left to it.

The resources have "protect: true", so that no deployment deletes them; take it out where that is meant. A virtual machine owns its
disks: they are deleted with it then. Passwords of screens are written nowhere; a screen with one stays as it is. The same hosts
give the same text.

Of several hosts it is one program. A pool or a network that they have alike is one resource on all of them; other things of one name have
the name of their host in front. A virtual machine that is defined on several of them is taken over from where it runs. How the hosts
are reached goes into the program as well.`),
    )
    .argument(
      "<hosts>",
      `HOST or NAME=HOST, several separated by commas; HOST is ${HOST_FORMS}. NAME is what the program calls it; default: the first part of its address`,
    )
    .argument(
      "[names...]",
      'virtual machines, with "*" for any text; of several hosts NAME is on any of them, HOST/NAME on one; default: all',
    )
    .option(
      "-o, --out <folder>",
      "where the project is written, which must be empty; default: the names of the hosts",
    )
    .option("--stdout", "print the program, and write nothing")
    .option(
      "--json",
      "print the inputs as JSON, and write nothing; its schema is schemas/import-1.schema.json in this package",
    )
    .option("--all", "also pools, networks and disks that none of the virtual machines uses")
    .option("--force", "write over files of the same names")
    .option("--project <name>", "the Pulumi project's name; default: the names of the hosts")
    .option("--no-protect", 'without "protect: true"')
    .option("-q, --quiet", "no progress and no report on stderr")
    .action(async (hosts: string, names: string[], options: ImportCommandOptions) =>
      end(await runImport(hosts, names, options)),
    );
  connectionOptions(command);
  examples(command, [
    ["kvm import alpha.example.net", "all virtual machines of a host, into ./alpha"],
    ["kvm import ops@alpha.example.net web 'db-*' --out shop", "some of them, into a folder of that name"],
    ["kvm import kvm1,kvm2 'kvm1/*' kvm2/db", "all of one host and one of another, in one program"],
    ["kvm import local --all --stdout", "of this machine, with what no virtual machine uses; only looking"],
    ["kvm import old=192.0.2.7 --json -q", "the inputs as data; the Host resource is called old"],
  ]);
  exitCodes(command, whatItEndsWith);
  return command;
}

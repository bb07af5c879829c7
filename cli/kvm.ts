#!/usr/bin/env node
import { CommanderError } from "commander";
import { oneLine } from "../provider/hosts/errors.js";
import { EXIT } from "./exit-code.js";
import { program } from "./program.js";
import { ToldToEnd } from "./told-to-end.js";

// Whoever reads no further, as `head` does, has what was wanted.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") return;
  process.stderr.write(`kvm: stdout can't be written: ${error.message}\n`);
  process.exit(EXIT.failed);
});
// There is nobody left to tell.
process.stderr.on("error", () => undefined);
const kvm = await program((code) => {
  process.exitCode = code;
}, process.argv[2]);
for (const command of [kvm, ...kvm.commands]) command.exitOverride();
const [, , word, topic] = process.argv;
try {
  // By itself commander prints the whole help, and not why.
  const topics = ["help", ...kvm.commands.map((command) => command.name())];
  if (word === "help" && topic !== undefined && !topics.includes(topic))
    kvm.error(`error: unknown command '${topic}'`);
  await kvm.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.fine : EXIT.failed;
  // As whoever sent it expects it.
  else if (error instanceof ToldToEnd) process.kill(process.pid, error.signal);
  else {
    process.stderr.write(`kvm: ${oneLine(error)}\n`);
    process.exitCode = EXIT.failed;
  }
}
// All is said. What is left is taking leave of hosts, one of which may not answer any more: nobody is to wait for that.
await new Promise((said) => process.stdout.write("", said));
process.exit();

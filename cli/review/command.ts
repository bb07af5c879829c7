import { Command } from "commander";
import { examples, exitCodes, paragraphs, repeated } from "../help.js";
import { nameOf } from "./impact.js";
import {
  defaultBandwidth,
  gates,
  type ReviewOptions,
  reviewFormats,
  runReview,
  whatItEndsWith,
} from "./run.js";

export function reviewCommand(end: (code: number) => void): Command {
  const command = new Command("review")
    .usage("[options] [-- options of pulumi preview]")
    .summary("what a change would do to running guests, before it is made")
    .description(
      paragraphs(`Runs "pulumi preview" and answers first of all: will any guest notice? Restarts, moves with the time that they should take, what is
deleted and what is lost with it, what waits for a guest's next boot, and what changes while guests run; then each resource with its steps
and the changes of its definition, each host with its room before and after, and a picture of both. The plans are those that the preview
itself made. Pulumi previews deletions without asking the provider: what they lose, and for what they would be refused, is read from
the hosts.

A preview that was made elsewhere ("pulumi preview --json") is read with --preview; its resources are then planned again on the live hosts, and
what isn't as the preview says is told. Changes nothing.

What stands after "--" is passed on to "pulumi preview": --target, --replace, --refresh, --parallel and so on. What Pulumi itself keeps
(--config, in the stack's configuration file) it keeps here as well.`),
    )
    .argument("[-- ...]", 'options of "pulumi preview"')
    .option("-s, --stack <name>", "the stack; default: the one that is selected")
    .option("-C, --cwd <folder>", "the Pulumi project's folder; default: this one")
    .option(
      "--preview <file>",
      'what "pulumi preview --json" printed, instead of running it; "-" reads stdin',
    )
    .option(
      "--state <file>",
      'what "pulumi stack export --show-secrets" wrote, instead of running it; "-" reads stdin',
    )
    .option(
      "--save-plan <file>",
      'have the preview write its plan, for "pulumi up --plan": applied as reviewed, or refused',
    )
    .option(
      "--fail-on <effects>",
      `effects that exit with 2, separated by commas: ${gates.map(nameOf).join(", ")}; default: none`,
      repeated,
    )
    .option(
      "--bandwidth <MiB/s>",
      "what the network between hosts carries, for expected times",
      defaultBandwidth,
    )
    .option(
      "-f, --format <format[=file]>",
      `${reviewFormats.join(", ")}; once or more, all but one to files; default: text`,
      repeated,
    )
    .option("--json", "the same as --format json; its schema is schemas/review-1.schema.json in this package")
    .option("-q, --quiet", "no progress on stderr")
    .action(async (passedOn: string[], options: ReviewOptions) => end(await runReview(options, passedOn)));
  examples(command, [
    ["kvm review --stack prod", "in a project's folder"],
    [
      "kvm review --stack prod --format markdown=comment.md --format html=review.html",
      "a comment for the pull request, and a page",
    ],
    ["kvm review --fail-on restart,replace,delete-data", "a gate for CI"],
    ["kvm review --save-plan plan.json && pulumi up --plan plan.json", "apply what was reviewed, or nothing"],
    ["kvm review --stack prod -- --refresh --target 'urn:...::web'", "a part of it, as Pulumi is told"],
    ["pulumi preview --json | kvm review --preview -", "a preview that is there already"],
  ]);
  exitCodes(command, whatItEndsWith);
  return command;
}

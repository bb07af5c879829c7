import { z } from "zod";
import { parseXml } from "../../../libvirt/xml/document.js";
import { XmlError } from "../../../libvirt/xml/error.js";
import { pathProblem } from "../../../seeds/iso/tree.js";
import { libvirtName } from "../../inputs.js";
import { problemIf, type Rule } from "../../rules.js";
import { base64Text, documentText } from "./text-inputs.js";

/** Windows Setup passes over what it can't read, and asks as if there were no answers. */
const unattend = documentText().superRefine((value, context) => {
  const root = rootOf(value);
  if (root === "unattend") return;
  context.addIssue({
    code: "custom",
    message:
      root === undefined
        ? "is no well-formed XML"
        : "must be an answer file of Windows Setup, whose root element is <unattend>",
    input: value,
  });
});

function rootOf(xml: string): string | undefined {
  try {
    return parseXml(xml.replace(/^\ufeff/, "")).documentElement?.localName ?? undefined;
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}

const files = z
  .record(
    z.string(),
    z.union([documentText(), z.strictObject({ base64: base64Text() }, { error: "must be { base64 }" })], {
      error: "must be a text, or { base64 }",
    }),
    { error: "must be an object: the files' contents by their paths" },
  )
  .superRefine(
    (value, context) => {
      for (const path of Object.keys(value)) {
        const message = pathProblem(path);
        if (message !== undefined)
          context.addIssue({ code: "custom", message: `is no path of a file: it ${message}`, path: [path] });
      }
    },
    // Whatever the contents are.
    { when: ({ value }) => typeof value === "object" && value !== null },
  );

export const answerFile = z.strictObject(
  {
    windows: unattend.optional(),
    kickstart: documentText()
      .refine((s) => s.trim().length > 0, { error: "must not be empty" })
      .optional(),
    files: files.optional(),
    pool: libvirtName({ mostBytes: 100 }).optional(),
  },
  { error: "must be { windows } or { kickstart }" },
);
export type AnswerFileInputs = z.output<typeof answerFile>;

/** What its inputs ask of each other. No message holds a value: all of it is secret. */
export const answerFileRules: readonly Rule<AnswerFileInputs>[] = [
  ({ windows, kickstart }) =>
    problemIf(
      windows === undefined && kickstart === undefined,
      "",
      "needs windows or kickstart: the answers themselves",
    ),
  ({ windows, kickstart, files: declared = {} }) => {
    const paths = Object.keys(declared);
    const answers = [
      ...(windows === undefined ? [] : ["autounattend.xml"]),
      ...(kickstart === undefined ? [] : ["ks.cfg"]),
    ];
    return paths.flatMap((path) => {
      const at = `files[${JSON.stringify(path)}]`;
      if (answers.includes(path.toLowerCase())) return [{ path: at, message: "is the answer file itself" }];
      const inside = [...paths, ...answers].find((other) => path.startsWith(`${other}/`));
      return problemIf(inside !== undefined, at, `lies within ${inside}, which is a file`);
    });
  },
];

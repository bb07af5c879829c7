import { z } from "zod";
import { parseFragment, XmlError, type XmlPatch, xpathProblem } from "../../../libvirt/xml/index.js";
import { libvirtAttribute, xmlText } from "../../inputs.js";
import type { MachineFeature } from "./feature.js";
import { setOrKeep } from "./set-or-keep.js";

const MOST_BYTES = 16_384;

const xpath = libvirtAttribute({ mostBytes: 1_024 })
  .refine((s) => s.length > 0, { error: "must not be empty" })
  .superRefine((value, context) => {
    const problem = value === "" ? undefined : xpathProblem(value);
    if (problem !== undefined) context.addIssue({ code: "custom", message: problem, input: value });
  });

const fragment = xmlText({ mostBytes: MOST_BYTES }).superRefine((value, context) => {
  try {
    parseFragment(value);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    context.addIssue({ code: "custom", message: "is not one well-formed XML element", input: value });
  }
});

const patch = z.strictObject(
  {
    xpath,
    set: xmlText({ mostBytes: MOST_BYTES }).optional(),
    remove: z.literal(true, { error: "must be true" }).optional(),
    append: fragment.optional(),
  },
  { error: "must be { xpath, set }, { xpath, remove: true } or { xpath, append }" },
);

export const xmlPatchesShape = {
  xml: z
    .array(patch, { error: "must be a list of patches" })
    .max(64, { error: "must have at most 64 entries" })
    .optional(),
};

/** After all that the model describes. What a patch makes of a definition isn't known here, so it waits for the next boot. */
export const xmlPatchesFeature: MachineFeature = {
  shape: xmlPatchesShape,
  desire: (model, { inputs, previous }) => {
    const patches = inputs.xml?.map(patchOf);
    setOrKeep(model, "patches", patches?.length === 0 ? undefined : patches, previous?.xml ?? inputs.xml);
  },
  crossChecks: [
    ({ xml = [] }) =>
      xml.flatMap(({ set, remove, append }, i) =>
        [set, remove, append].filter((action) => action !== undefined).length === 1
          ? []
          : [{ path: `xml[${i}]`, message: "needs one of set, remove and append" }],
      ),
  ],
  rows: [
    {
      input: "xml",
      property: "patches",
      effect: "nextBoot",
      label: "xml",
      note: "whatever it changes; one that is taken away is undone",
      describe: (from, to) => {
        const [before, after] = [from as XmlPatch[] | undefined, to as XmlPatch[] | undefined];
        const [was, is] = [textOf(before), textOf(after)];
        return { property: "xml", from: was, to: was === is ? `${is} (with other values)` : is };
      },
    },
  ],
};

type Declared = z.output<typeof patch>;

function patchOf({ xpath: at, set, append }: Declared): XmlPatch {
  if (set !== undefined) return { xpath: at, set };
  return append === undefined ? { xpath: at, remove: true } : { xpath: at, append };
}

/** Without the values. */
export function textOf(patches: XmlPatch[] | undefined): string {
  if (patches === undefined) return "none";
  return patches
    .map((made) => `${"set" in made ? "set" : "append" in made ? "append to" : "remove"} ${made.xpath}`)
    .join(", ");
}

import { z } from "zod";
import { oneOf, wholeNumber, yesOrNo } from "../inputs.js";

const tag = () => wholeNumber(1, 4094);

export const vlan = z.union(
  [
    tag(),
    z.strictObject({
      trunk: z
        .array(tag(), { error: "must be a list of VLAN numbers" })
        .min(1, { error: "must have at least one VLAN" }),
      native: tag().optional(),
      nativeMode: oneOf(["tagged", "untagged"]).optional(),
    }),
  ],
  { error: "must be a VLAN's number from 1 to 4094, or { trunk, native, nativeMode }" },
);
export type VlanInputs = z.output<typeof vlan>;

export const portgroups = z
  .array(
    z.strictObject(
      {
        name: z.string({ error: "must be a string" }).regex(/^[A-Za-z0-9_.-]{1,100}$/, {
          error: "must be 1 to 100 letters, digits, dots, hyphens and underscores",
        }),
        default: yesOrNo().optional(),
        vlan: vlan.optional(),
      },
      { error: "must be { name, default?, vlan? }" },
    ),
    { error: "must be a list of { name, default?, vlan? }" },
  )
  .max(4096, { error: "must have at most 4096 entries" });

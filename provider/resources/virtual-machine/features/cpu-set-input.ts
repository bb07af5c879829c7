import { z } from "zod";
import { canonicalCpuSet } from "../../../libvirt/xml/index.js";

/** CPUs or NUMA nodes of the host or guest: "0-3,8", or one number. State holds ranges in ascending order. */
export function cpuSetInput(what = "CPUs") {
  return z
    .union([z.string(), z.number()], { error: `must be a list of ${what}, such as "0-3,8"` })
    .transform((value, context) => {
      const canonical = canonicalCpuSet(String(value));
      if (canonical !== undefined) return canonical;
      context.addIssue({
        code: "custom",
        message: `is no list of ${what}; write ranges such as "0-3,8"`,
        input: value,
      });
      return z.NEVER;
    });
}

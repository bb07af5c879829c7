import type { Step } from "../../planning/step.js";
import type { ImageRequest, ObservedImage } from "./observed.js";

/** What removing the image does: a volume goes with its last claim. Pure. */
export function removal({ inputs }: ImageRequest, { places, former }: ObservedImage): Step[] {
  if (inputs.retainOnDelete === true) return [];
  return [...places, ...former].flatMap(({ ref, claims }) =>
    claims
      .filter(({ shared, volume }) => !shared && volume !== undefined)
      .map(({ name }): Step => {
        const what = { subject: name, pool: inputs.pool, host: ref.name };
        return { kind: "dropImage", ...what, reason: "no longer declared", effect: "none" };
      }),
  );
}

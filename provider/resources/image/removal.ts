import type { Step } from "../../planning/step.js";
import type { ObserveContext } from "../definition.js";
import type { RemovalObstacle } from "../removal-obstacle.js";
import { ImageInUse } from "./claims.js";
import { keepersOfImage } from "./observe.js";
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

/** For what removing it is refused. */
export async function obstacles(
  { inputs, recorded }: ImageRequest,
  { places, former }: ObservedImage,
  { hosts }: ObserveContext,
): Promise<RemovalObstacle[]> {
  if (inputs.retainOnDelete === true) return [];
  const { pool } = inputs;
  const nonce = recorded?.outputs.nonce;
  const going = [...places, ...former].flatMap(({ ref, claims }) =>
    claims
      .filter(({ shared, mark }) => !shared && (!nonce || mark.nonce === nonce))
      .map(async (claim): Promise<RemovalObstacle> => {
        const keepers = await keepersOfImage(hosts.get(ref), pool, claim);
        const label = ({ label: user }: (typeof keepers)[number]) => user;
        return {
          keepers,
          refusal: (left) => new ImageInUse(claim.name, pool, ref.name, left.map(label)).message,
        };
      }),
  );
  return await Promise.all(going);
}

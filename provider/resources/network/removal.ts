import type { Step } from "../../planning/step.js";
import type { ObservedNetworks } from "./observed.js";
import type { NetworkRequest } from "./request.js";

/** What removing the network does. Pure. */
export function removal({ inputs }: NetworkRequest, { hosts, former }: ObservedNetworks): Step[] {
  return [...hosts, ...former].flatMap(({ ref, network }): Step[] =>
    network?.ours === true
      ? [
          {
            ...{ kind: "releaseNetwork", subject: inputs.name, host: ref.name },
            ...{ effect: "none", reason: "no longer declared" },
          },
        ]
      : [],
  );
}

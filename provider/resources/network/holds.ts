import { type Holding, nameHeld } from "../holding.js";
import { formatAddress, networkRange, overlap, parseCidr } from "./ip.js";
import { subnetsOf } from "./obstacles.js";
import { refsOf } from "./request.js";
import { hasOwnBridge, type Inputs } from "./schema.js";

/** Names, bridges and subnets of which a host has one. */
export function holds(inputs: Partial<Inputs>): Holding[] {
  const { hosts, credentials, name, mode, bridge } = inputs;
  if (hosts === undefined) return [];
  const makesBridge = mode !== undefined && hasOwnBridge(mode);
  return refsOf({ hosts, credentials }).flatMap((host): Holding[] => [
    ...(name === undefined
      ? []
      : [nameHeld(host, "network", name, "give each network of a host a name of its own")]),
    ...(!makesBridge || bridge === undefined
      ? []
      : [
          {
            ...{ host, what: `bridge ${bridge}`, path: "bridge" },
            says: (other: string) =>
              `${bridge} is the bridge of ${other} on ${host.name} as well; give another name, or none`,
          },
        ]),
    ...(makesBridge ? subnetsHeld(host, inputs) : []),
  ]);
}

const SUBNET = "subnet ";

function subnetsHeld(host: Holding["host"], inputs: Partial<Inputs>): Holding[] {
  return subnetsOf(inputs).flatMap(({ input, text }) => {
    const cidr = parseCidr(text);
    if (cidr === undefined) return [];
    const first = formatAddress(networkRange(cidr).start, cidr.family);
    return {
      ...{ host, what: `${SUBNET}${first}/${cidr.prefix}`, path: input },
      meets: (what: string) => {
        const other = what.startsWith(SUBNET) ? parseCidr(what.slice(SUBNET.length)) : undefined;
        return other !== undefined && overlap(cidr, other);
      },
      says: (other: string) =>
        `${text} overlaps the subnet of ${other} on ${host.name}; choose addresses of its own for each network of a host`,
    };
  });
}

import * as pulumi from "@pulumi/pulumi";

/** How a host is reached, as far as the program knows it without waiting for other resources. */
interface Way {
  name: string;
  connection: unknown;
  credentials: unknown;
}

/** Of the hosts that the program is declaring in one go, in their order. */
let ways: (Way | undefined)[] | undefined;

/** As many as the provider logs in to at the same time. */
const AHEAD = 16;

/**
 * Pulumi has one resource checked after the other, in any order, and the check of a Host waits for its host. So each Host hands over how the
 * next ones are reached, after the last the first, and the provider connects to them meanwhile. It is an input of the check alone: the state
 * never has it.
 */
export async function hostsAhead(way: pulumi.Inputs): Promise<Way[] | undefined> {
  ways ??= [];
  const declared = ways;
  const place = declared.push(undefined);
  // What isn't known until then comes too late, and what never is doesn't come.
  pulumi.output(way).apply((known) => {
    declared[place - 1] = known as unknown as Way;
  });
  await new Promise(setImmediate);
  if (ways === declared) ways = undefined;
  const others = [...declared.slice(place), ...declared.slice(0, place - 1)];
  const ahead = others.slice(0, AHEAD).filter((other) => other !== undefined);
  return ahead.length > 0 ? ahead : undefined;
}

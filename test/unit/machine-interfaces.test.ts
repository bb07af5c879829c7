import { expect, it } from "vitest";
import type { DomainInterface } from "../../provider/libvirt/xml/index.js";
import { desiredInterfaces, madeMac } from "../../provider/resources/virtual-machine/desired-interfaces.js";
import type { Inputs } from "../../provider/resources/virtual-machine/schema.js";

const uuid = "3b203a0d-0fbb-46b4-b47b-6a27a69ee204";
const [first, second, third] = [0, 1, 2].map((i) => madeMac(uuid, i)) as [string, string, string];
const there = (mac: string, network: string, link: "up" | "down" = "up"): DomainInterface => ({
  ...{ mac, model: "virtio", source: { network }, link },
});
const declared = (...interfaces: NonNullable<Inputs["interfaces"]>) =>
  ({ name: "web", memory: 2 ** 30, interfaces }) as unknown as Inputs;
const linksOf = (interfaces: DomainInterface[]) =>
  interfaces.map(({ mac, source, link }) => [mac, (source as { network: string }).network, link]);

it("an interface that comes to a network with others is found again there", () => {
  const inputs = declared({ network: "lan" }, { network: "lan", link: "down" });
  const existing = [there(first, "dmz"), there(second, "lan", "down")];
  const desired = desiredInterfaces(inputs, undefined, existing, uuid);
  expect(linksOf(desired)).toEqual([
    [first, "lan", "up"],
    [second, "lan", "down"],
  ]);
  expect(desiredInterfaces(inputs, inputs, desired, uuid)).toEqual(desired);
});

it("an interface that is new comes after those that are there", () => {
  const inputs = declared({ network: "lan" }, { network: "dmz" }, { network: "lan", link: "down" });
  const existing = [there(second, "lan"), there(third, "dmz")];
  expect(linksOf(desiredInterfaces(inputs, undefined, existing, uuid))).toEqual([
    [second, "lan", "up"],
    [third, "dmz", "up"],
    [first, "lan", "down"],
  ]);
});

it("a new interface before those that are there leaves them where they are", () => {
  const inputs = declared({ network: "dmz" }, { network: "lan" });
  const desired = desiredInterfaces(inputs, declared({ network: "lan" }), [there(first, "lan")], uuid);
  expect(linksOf(desired)).toEqual([
    [second, "dmz", "up"],
    [first, "lan", "up"],
  ]);
  expect(desiredInterfaces(inputs, inputs, desired.toReversed(), uuid)).toEqual(desired);
});

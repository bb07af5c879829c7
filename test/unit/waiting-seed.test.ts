import { expect, it } from "vitest";
import type { DomainModel } from "../../provider/libvirt/xml/index.js";
import type { Step } from "../../provider/planning/step.js";
import type { MachineRequest } from "../../provider/resources/virtual-machine/request.js";
import type { Inputs } from "../../provider/resources/virtual-machine/schema.js";
import { bootMedia } from "../../provider/resources/virtual-machine/seed/boot-media.js";
import { waitingSeedWarnings } from "../../provider/resources/virtual-machine/seed/instance.js";

const inputsOf = (hostname: string, newInstanceOnChange?: boolean) =>
  ({ name: "web", cloudInit: { pool: "images", hostname, newInstanceOnChange } }) as unknown as Inputs;
const seedOf = (inputs: Inputs) => bootMedia(inputs)[0]?.volume ?? "";
const restart: Step = {
  ...{ kind: "restart", subject: "web", force: false, effect: "restart" },
  changes: [{ property: "cloudInit", from: "a", to: "b" }],
};
const writing = (inputs: Inputs): Step => ({
  ...{ kind: "writeMedium", subject: "web", host: "alpha", pool: "images", volume: seedOf(inputs) },
  ...{ title: "cloud-init seed", sizeBytes: 1, effect: "none", reason: "other user-data" },
});

function warnings(inputs: Inputs, previous: Inputs, had: string | undefined, steps: Step[] = [restart]) {
  const source = had === undefined ? undefined : { pool: "images", volume: had };
  const live = { disks: [{ device: "cdrom", target: "sda", source }] } as unknown as DomainModel;
  return waitingSeedWarnings({ inputs, previous } as MachineRequest, live, steps).map((warning) =>
    warning.replace(/^web is started with cloud-init seed \S+, which waits for that: /, ""),
  );
}

const stays = "the instance-id stays: cloud-init does what it does at every boot";
const asNew = "cloud-init runs as on a first boot, unless the guest has had this instance-id before";

it("a restart says what cloud-init does with a seed that has waited for it, as far as that is known", () => {
  const [one, two, third] = [inputsOf("one"), inputsOf("two"), inputsOf("two", true)];
  const older = "web-seed-0123456789ab.iso";
  expect(warnings(two, two, older)).toEqual([
    `unless instanceId or newInstanceOnChange was changed with it, ${stays}`,
  ]);
  expect(warnings(third, third, older)).toEqual([`the instance-id changes: ${asNew}`]);
  expect(warnings(two, two, undefined)).toEqual([asNew]);
  // A deployment that failed had written it already.
  expect(warnings(two, one, seedOf(one))).toEqual([stays]);
  expect(warnings(third, one, seedOf(one))).toEqual([`the instance-id changes: ${asNew}`]);
});

it("another network configuration is said to be left as it is by a guest that stays the same instance", () => {
  const withNetwork = (inputs: Inputs) =>
    ({
      ...inputs,
      cloudInit: { ...inputs.cloudInit, networkConfig: { version: 2, ethernets: {} } },
    }) as Inputs;
  const [one, two, third] = [
    inputsOf("one"),
    withNetwork(inputsOf("two")),
    withNetwork(inputsOf("two", true)),
  ];
  expect(warnings(two, one, seedOf(one))).toEqual([
    `${stays}, to which the network configuration doesn't belong by default; newInstanceOnChange: true applies it`,
  ]);
  expect(warnings(two, withNetwork(one), seedOf(withNetwork(one)))).toEqual([stays]);
  expect(warnings(third, one, seedOf(one))).toEqual([`the instance-id changes: ${asNew}`]);
});

it("it is the step that writes the seed that says so, where there is one; without a restart nobody has to", () => {
  const [one, two] = [inputsOf("one"), inputsOf("two")];
  expect(warnings(two, one, seedOf(one), [writing(two), restart])).toEqual([]);
  expect(warnings(two, two, seedOf(one), [])).toEqual([]);
  // It was lost meanwhile, and its line speaks of that alone.
  expect(warnings(two, two, seedOf(one), [writing(two), restart])).toHaveLength(1);
});

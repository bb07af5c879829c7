import { expect, it } from "vitest";
import type { ObservedHost } from "../../provider/resources/virtual-machine/observed.js";
import { accelerationRefusals } from "../../provider/resources/virtual-machine/obstacles.js";

const hostWith = (kvm: boolean) => ({ ref: { name: "alpha" }, facts: { kvm } }) as ObservedHost;

it.each<[string, "kvm" | "qemu", "kvm" | "qemu" | undefined, boolean, boolean]>([
  ["a new VM with KVM where there is none", "kvm", undefined, false, true],
  ["a VM that is to have KVM where there is none", "kvm", "qemu", false, true],
  ["a VM that is defined so already", "kvm", "kvm", false, false],
  ["a VM that is to have KVM where there is some", "kvm", "qemu", true, false],
  ["a VM that is emulated", "qemu", undefined, false, false],
])("%s", (_what, accelerator, before, isThere, isRefused) => {
  const definition = before === undefined ? undefined : { accelerator: before };
  expect(accelerationRefusals({ accelerator }, hostWith(isThere), definition)).toEqual(
    isRefused
      ? [
          {
            kind: "missing",
            message: expect.stringMatching(
              /^emulation "kvm" isn't possible on alpha: .*; use "auto" or "qemu"/,
            ),
          },
        ]
      : [],
  );
});

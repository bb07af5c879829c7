import { expect, it } from "vitest";
import { type Appearance, Machines } from "../../provider/hosts/machines.js";

const key = (fingerprint: string, type = "ssh-ed25519") => ({ type, fingerprint });
const alpha: Appearance = { name: "alpha", hostname: "kvm1", hostKey: key("a") };

it.each<[string, Partial<Appearance>, isRefused: boolean]>([
  ["one that is reached in two ways", {}, false],
  ["one that shows a key of another type there", { hostKey: key("b", "ssh-rsa") }, false],
  ["this one, by SSH and without", { hostKey: undefined }, false],
  ["one of another name", { hostname: "kvm2" }, true],
  ["one with another key", { hostKey: key("b") }, true],
])("of machines with one UUID, %s", (_what, other, isRefused) => {
  const machines = new Machines();
  const [first, second] = [{}, {}];
  machines.meet("u", first, alpha);
  // It is seen again after its connection was lost, and may have another name then.
  machines.meet("u", first, { ...alpha, hostname: "kvm3" });
  machines.meet("u", first, alpha);
  const meet = (uuid: string) => machines.meet(uuid, second, { ...alpha, name: "beta", ...other });
  if (isRefused)
    expect(() => meet("u")).toThrow("hosts alpha and beta are two machines with one libvirt host UUID (u)");
  else meet("u");
  meet("v");
});

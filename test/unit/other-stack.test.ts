import * as pulumi from "@pulumi/pulumi";
import { expect, test } from "vitest";
import { backingOf, poolName } from "../../sdk/disk.js";
import { nameOfMachine, onHost, onHostOf, onHosts } from "../../sdk/host-ref.js";
import { unwrapDisk } from "../../sdk/vm-disk.js";
import { unwrapInterface } from "../../sdk/vm-interface.js";

const connection = { address: "alpha.example.net" };
const credentials = { privateKey: "a private key" };

/** As `stackReference.requireOutput(...)` has a resource: a secret as a whole, for the credentials in it. */
function ofStack(kind: string, outputs: Record<string, unknown>): pulumi.Output<never> {
  const urn = `urn:pulumi:dev::net::shop:Site$pulumi-nodejs:dynamic/kvm:${kind}::${outputs.name}`;
  return pulumi.secret({ urn, credentials, ...outputs }) as unknown as pulumi.Output<never>;
}

async function seen(value: unknown): Promise<{ value: unknown; isSecret: boolean }> {
  const output = pulumi.output(value as object);
  const isSecret = await pulumi.isSecret(output);
  return { value: await new Promise((resolve) => output.apply(resolve)), isSecret };
}

const open = (value: unknown) => ({ value, isSecret: false });
const alpha = () => ofStack("Host", { name: "alpha", connection });
const images = () => ofStack("StoragePool", { name: "images", hosts: { alpha: connection } });

test("the host that another stack gives: only its credentials are secret", async () => {
  const { host, connection: way, credentials: login } = onHost(alpha());
  expect(await seen(host)).toEqual(open("alpha"));
  expect(await seen(way)).toEqual(open(connection));
  expect(await seen(login)).toEqual({ value: credentials, isSecret: true });
  const several = onHosts([alpha()]);
  expect(await seen(several.hosts)).toEqual(open({ alpha: connection }));
  expect(await seen(several.credentials)).toMatchObject({ isSecret: true });
});

test("pools, disks, images, networks and VMs of another stack stand for themselves", async () => {
  expect(await seen(poolName(images()))).toEqual(open("images"));
  expect(await seen(unwrapInterface({ network: ofStack("Network", { name: "lan" }) }))).toEqual(
    open({ network: "lan" }),
  );
  const image = ofStack("Image", {
    ...{ name: "debian", pool: "images", volume: "debian-1", sizeBytes: 5 },
    hosts: { beta: connection },
  });
  expect(await seen(backingOf(image))).toEqual(open({ pool: "images", volume: "debian-1" }));
  expect(await seen(unwrapDisk({ image }, pulumi.output("alpha")))).toMatchObject(
    open({
      pool: "images",
      image: { name: "debian", pool: "images", volume: "debian-1", elsewhere: "beta" },
    }),
  );
  const disk = ofStack("Disk", { name: "data", host: "alpha", pool: "images", format: "qcow2" });
  expect(await seen(unwrapDisk({ disk }, pulumi.output("alpha")))).toMatchObject(
    open({ disk: { host: "alpha", pool: "images", name: "data", format: "qcow2" } }),
  );
  const vm = ofStack("VirtualMachine", { name: "web", host: "alpha", connection });
  expect(await seen(nameOfMachine(vm))).toEqual(open("web"));
  expect(await seen(onHostOf(vm).host)).toEqual(open("alpha"));
  expect(await seen(onHostOf(vm).connection)).toEqual(open(connection));
});

test("what that stack's program made a secret, and what is one here, stays one", async () => {
  const hidden = ofStack("Host", { name: "alpha", connection, secretInputs: ["connection"] });
  expect(await seen(onHost(hidden).connection)).toEqual({ value: connection, isSecret: true });
  expect(await seen(poolName(pulumi.secret("images")))).toEqual({ value: "images", isSecret: true });
});

test("a pool of another stack is no host", async () => {
  expect(await seen(onHost(images()).connection)).toMatchObject({ value: undefined });
});

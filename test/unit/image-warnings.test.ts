import { expect, it } from "vitest";
import { identityOfUrn } from "../../provider/planning/owner.js";
import type { ObservedImage } from "../../provider/resources/image/observed.js";
import { plan } from "../../provider/resources/image/plan.js";
import type { Inputs } from "../../provider/resources/image/schema.js";

const pulumiUrn = "urn:pulumi:lab::test::pulumi-kvm:Image::base";
const identity = identityOfUrn(pulumiUrn) ?? expect.fail("no URN");
const hosts = { alpha: { address: "10.0.0.1" } };
const ref = { name: "alpha", connection: hosts.alpha, credentials: {} };
const observed = (problems: string[], poolState: "running" | "absent" = "running"): ObservedImage => ({
  places: [
    {
      ...{ ref, hostUuid: "alpha", poolState, poolType: "dir", folder: "/images", availableBytes: 1e9 },
      ...{ claims: [], wanted: undefined, route: "download", programs: new Set(["qemu-img", "gzip"]) },
    },
  ],
  ...{ former: [], replaced: [] },
  source: { problems, sourceBytes: undefined, sourceFormat: undefined, sourceCompression: undefined },
});
const http = "http://images.example.net/base.qcow2";
const anybody = "base.qcow2 from images.example.net comes without a checksum: anybody on the way";
const whoever = "base.qcow2 from images.example.net comes without a checksum: whoever answers";

it.each<[string, Partial<Inputs>, string[], string[]]>([
  ["over http without a sum", { source: http }, [], [anybody]],
  ["over https without a sum", { source: http.replace("http", "https") }, [], [whoever]],
  [
    "with a sum of its own",
    { source: http, sha256: "0".repeat(64), checksum: `sha256:${"0".repeat(64)}` },
    [],
    [],
  ],
  // While the list can't be read, or has no line for it, a refusal says so; the pool may be yet to be made, too.
  ["with a list of sums", { source: http, checksumUrl: "http://images.example.net/SUMS" }, [], []],
  [
    "with a list that can't be read",
    { source: http, checksumUrl: "http://images.example.net/SUMS" },
    ["no list"],
    [],
  ],
  ["that isn't there", { source: http }, ["the server answers 404"], []],
  ["of this machine, where it is summed", { source: "./base.qcow2" }, [], []],
  ["of this machine that isn't there", { source: "./base.qcow2" }, ["there is no file"], []],
])("an image %s: what is said of its checksum", (_, more, problems, warnings) => {
  const inputs: Inputs = { pulumiUrn, name: "base", pool: "images", hosts, source: "", ...more };
  for (const poolState of ["running", "absent"] as const) {
    const result = plan({ identity, inputs }, observed(problems, poolState));
    expect(result.warnings).toEqual(warnings.map((warning) => expect.stringContaining(warning)));
    expect(result.refusals.map(({ message }) => message)).toEqual(problems);
  }
});

it("an image that a host has no program to unpack is refused, unless it comes unpacked", () => {
  const inputs: Inputs = { pulumiUrn, name: "base", pool: "images", hosts, source: "./base.qcow2.xz" };
  const { places, source, ...rest } = observed([]);
  const refusals = (sourceCompression: "xz" | "gz", route: "send" | "stream") =>
    plan({ identity, inputs }, {
      ...rest,
      places: places.map((place) => ({ ...place, route })),
      ...(source && { source: { ...source, sourceCompression } }),
    } as ObservedImage).refusals.map(({ message }) => message);
  expect(refusals("xz", "send")).toEqual([
    "base.qcow2.xz can't be unpacked on alpha: there is no xz; install it (Debian: xz-utils), or give a source that isn't compressed",
  ]);
  expect(refusals("gz", "send")).toEqual([]);
  expect(refusals("xz", "stream")).toEqual([]);
});

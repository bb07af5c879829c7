import { expect, test } from "vitest";
import { Host } from "../../sdk/host.js";
import { notFollowed, replacedInOrder } from "../../sdk/resource.js";

test.each([{}, { deleteBeforeReplace: true }, { deleteBeforeReplace: false }])(
  "whatever a program says (%j), what is replaced goes first",
  (opts) => {
    expect(
      replacedInOrder({ ...opts, protect: true, additionalSecretOutputs: ["commandLine"] }),
    ).toMatchObject({
      deleteBeforeReplace: true,
      protect: true,
      additionalSecretOutputs: expect.arrayContaining(["credentials", "commandLine"]),
    });
  },
);

test("options that nothing follows are told, each with what does it instead", () => {
  expect(notFollowed("Disk data", undefined)).toEqual([]);
  expect(notFollowed("Disk data", { deleteBeforeReplace: true, replaceOnChanges: [] })).toEqual([]);
  expect(
    notFollowed("Disk data", {
      deleteBeforeReplace: false,
      replaceOnChanges: ["size"],
      customTimeouts: { create: "5m" },
    }),
  ).toEqual([
    expect.stringMatching(/^deleteBeforeReplace: false isn't followed: what replaces Disk data /),
    expect.stringMatching(/^replaceOnChanges isn't followed: .* "pulumi up --replace URN"$/),
    expect.stringMatching(
      /^customTimeouts aren't followed: .* its input timeouts, if it has one, bounds what Disk data may take$/,
    ),
  ]);
});

test("an import is refused with what takes things over, before Pulumi trips over it", () => {
  expect(() => new Host("alpha", { address: "alpha.example.net" }, { import: "alpha" })).toThrow(
    /^Host alpha: Pulumi imports no resource of this kind .* adopt: true/,
  );
});

import { expect, test } from "vitest";
import { replacedInOrder } from "../../sdk/resource.js";

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

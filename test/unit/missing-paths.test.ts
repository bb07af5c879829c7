import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import type { Host } from "../../provider/hosts/host.js";
import { missingPaths } from "../../provider/resources/missing-paths.js";

it("looks once for what many ask for at one time, and again only for what wasn't there", async () => {
  const looked: string[][] = [];
  const host = {
    exec: ([program = "", ...words]: string[]) => {
      looked.push(words.slice(3));
      return promisify(execFile)(program, words);
    },
  } as unknown as Host;
  const many = Array.from({ length: 50 }, () => missingPaths(host, ["/", "/none", "/"]));
  expect(await Promise.all(many)).toEqual(many.map(() => ["/none"]));
  expect(looked).toEqual([["/", "/none"]]);
  expect(await missingPaths(host, ["/none", "/", "/tmp"])).toEqual(["/none"]);
  expect(looked.slice(1)).toEqual([["/none", "/tmp"]]);
  expect(await missingPaths(host, ["/tmp", "/"])).toEqual([]);
  expect(looked).toHaveLength(2);
});

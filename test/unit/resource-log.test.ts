import { expect, it } from "vitest";
import { resourceLog } from "../../provider/engine/resource-log.js";

it("ends with a line that doesn't look as if it went on, unless there is something to read", () => {
  const shown: string[] = [];
  const log = async ({ message, ephemeral }: { message: string; ephemeral?: boolean }) => {
    shown.push(`${ephemeral ? "(" : ""}${message}`);
  };
  const open = () => resourceLog({ log }, "urn", "Disk a", () => 0);
  const copied = open();
  copied.progress("95 %");
  copied.done();
  const moved = open();
  moved.progress("95 %");
  moved.info("moved");
  moved.done();
  open().done();
  expect(shown).toEqual(["(Disk a: 95 %", "(Disk a: done", "(Disk a: 95 %", "Disk a: moved"]);
});

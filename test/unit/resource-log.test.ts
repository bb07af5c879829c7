import { expect, it, vi } from "vitest";
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

it("shows two lines of progress a second, and the last one of a burst when it is its turn", () => {
  vi.useFakeTimers();
  try {
    const shown: string[] = [];
    const log = async ({ message }: { message: string }) => void shown.push(message);
    const copying = resourceLog({ log }, "urn", "VM a", () => Date.now());
    for (const line of ["copying", "moved", "waiting for the guest"]) copying.progress(line);
    expect(shown).toEqual(["VM a: copying"]);
    vi.advanceTimersByTime(1_000);
    expect(shown).toEqual(["VM a: copying", "VM a: waiting for the guest"]);
    copying.progress("starting");
    copying.progress("waiting for its agent");
    copying.info("started");
    vi.advanceTimersByTime(1_000);
    copying.progress("pausing");
    copying.progress("waiting for ever");
    copying.failed();
    vi.advanceTimersByTime(1_000);
    expect(shown.slice(2)).toEqual(["VM a: starting", "VM a: started", "VM a: pausing"]);
  } finally {
    vi.useRealTimers();
  }
});

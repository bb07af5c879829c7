import fc from "fast-check";
import { expect, it } from "vitest";
import { buildFrame, type Frame, FrameReader, MESSAGE, STATUS } from "../../provider/libvirt/rpc/frame.js";
import { runs } from "../support/runs.js";

const frame = fc.record({
  program: fc.constantFrom("remote" as const, "qemu" as const, "keepalive" as const),
  procedure: fc.nat(1_000),
  type: fc.constantFrom(...Object.values(MESSAGE)),
  serial: fc.nat(0xffff_ffff),
  status: fc.constantFrom(...Object.values(STATUS)),
  payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
});

it("gives back the frames that were sent, wherever the bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 400 })),
      (frames, cuts) => {
        const bytes = Buffer.concat(frames.map(({ payload, ...header }) => buildFrame(header, payload)));
        const reader = new FrameReader();
        const read: Frame[] = [];
        let offset = 0;
        for (let turn = 0; offset < bytes.length; turn++) {
          const length = cuts[turn % Math.max(cuts.length, 1)] ?? 7;
          // Its own memory, as a socket's chunks are: what is read must not depend on the neighbours.
          reader.push(Buffer.from(bytes.subarray(offset, offset + length)), (each) => read.push(each));
          offset += length;
        }
        expect(read).toEqual(frames);
      },
    ),
    { numRuns: runs(500) },
  );
});

it("takes a message of 32 MiB that comes in small pieces in time that grows with its length", () => {
  const bytes = Buffer.alloc(32 * 1024 * 1024 + 4);
  buildFrame(
    { program: "remote", procedure: 1, type: MESSAGE.reply, serial: 1, status: STATUS.ok },
    Buffer.alloc(0),
  ).copy(bytes);
  bytes.writeUInt32BE(bytes.length, 0);
  const reader = new FrameReader();
  let read = 0;
  const start = performance.now();
  for (let offset = 0; offset < bytes.length; offset += 4_096) {
    reader.push(bytes.subarray(offset, offset + 4_096), ({ payload }) => {
      read = payload.length;
    });
  }
  expect(read).toBe(bytes.length - 28);
  // 8,192 pieces; concatenating at each one would copy 128 GiB.
  expect(performance.now() - start).toBeLessThan(2_000);
});

export const SECTOR_BYTES = 2048;

export function sectors(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES);
}

/** Numbers in both byte orders, one after the other: ECMA-119, 7.2.3 and 7.3.3. */
export function both16(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt16LE(value, 0);
  buffer.writeUInt16BE(value, 2);
  return buffer;
}

export function both32(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeUInt32LE(value, 0);
  buffer.writeUInt32BE(value, 4);
  return buffer;
}

export function utf16Be(text: string): Buffer {
  return Buffer.from(text, "utf16le").swap16();
}

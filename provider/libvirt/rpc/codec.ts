import type { FieldSpec } from "./field-spec.js";
import { structures } from "./generated/structures.js";
import { readTypedParam, type TypedParam, writeTypedParam } from "./typed-param.js";
import { XdrError, XdrReader, XdrWriter } from "./xdr.js";

/** Writes and reads one type. The generated interfaces give the values their static types. */
interface Codec {
  write(writer: XdrWriter, value: unknown): void;
  read(reader: XdrReader): unknown;
  /** The fewest bytes that a value takes; bounds how many elements a message can hold. */
  readonly leastBytes: number;
}

const SCALARS: Readonly<Record<string, Codec>> = {
  string: { write: (w, v) => w.string(v as string), read: (r) => r.string(), leastBytes: 4 },
  uuid: { write: (w, v) => w.uuid(v as string), read: (r) => r.uuid(), leastBytes: 16 },
  int: { write: (w, v) => w.int(v as number), read: (r) => r.int(), leastBytes: 4 },
  uint: { write: (w, v) => w.uint(v as number), read: (r) => r.uint(), leastBytes: 4 },
  ushort: { write: (w, v) => w.ushort(v as number), read: (r) => r.ushort(), leastBytes: 4 },
  hyper: { write: (w, v) => w.hyper(v as bigint), read: (r) => r.hyper(), leastBytes: 8 },
  uhyper: { write: (w, v) => w.uhyper(v as bigint), read: (r) => r.uhyper(), leastBytes: 8 },
  TypedParam: { write: (w, v) => writeTypedParam(w, v as TypedParam), read: readTypedParam, leastBytes: 12 },
};

const compiled = new Map<string, Codec>();
const compiledFields = new WeakMap<readonly FieldSpec[], Codec>();

// Compiled on first use: a program uses a few dozen of the table's types.
function codecOf(type: string): Codec {
  let codec = SCALARS[type] ?? compiled.get(type);
  if (codec === undefined) {
    codec = compile(type);
    compiled.set(type, codec);
  }
  return codec;
}

function compile(type: string): Codec {
  if (type.endsWith("?")) return optional(codecOf(type.slice(0, -1)));
  const array = /^(\w+)\[(<?)(\d+)\]$/.exec(type);
  if (array !== null) {
    const [, element = "", counted, number] = array;
    const length = Number(number);
    if (element === "opaque") return opaque(length);
    return counted === "<" ? upTo(codecOf(element), length) : exactly(codecOf(element), length);
  }
  const fields = structures[type];
  if (fields === undefined) throw new TypeError(`the RPC table has no type ${type}`);
  return fieldsCodec(fields);
}

function optional(inner: Codec): Codec {
  return {
    write(writer, value) {
      writer.uint(value === undefined ? 0 : 1);
      if (value !== undefined) inner.write(writer, value);
    },
    read: (reader) => (reader.present() ? inner.read(reader) : undefined),
    leastBytes: 4,
  };
}

function opaque(limitBytes: number): Codec {
  return {
    write: (writer, value) => writer.opaque(value as Uint8Array, limitBytes),
    read: (reader) => reader.opaque(limitBytes),
    leastBytes: 4,
  };
}

function upTo(element: Codec, limit: number): Codec {
  return {
    write(writer, value) {
      const elements = value as readonly unknown[];
      if (elements.length > limit)
        throw new XdrError(`${elements.length} elements, at most ${limit} are allowed`);
      writer.uint(elements.length);
      for (const each of elements) element.write(writer, each);
    },
    read(reader) {
      const elements: unknown[] = [];
      for (let left = reader.count(limit, element.leastBytes); left > 0; left--)
        elements.push(element.read(reader));
      return elements;
    },
    leastBytes: 4,
  };
}

function exactly(element: Codec, length: number): Codec {
  return {
    write(writer, value) {
      const elements = value as readonly unknown[];
      if (elements.length !== length)
        throw new XdrError(`${elements.length} elements where ${length} are needed`);
      for (const each of elements) element.write(writer, each);
    },
    read: (reader) => Array.from({ length }, () => element.read(reader)),
    leastBytes: length * element.leastBytes,
  };
}

function fieldsCodec(fields: readonly FieldSpec[]): Codec {
  const codecs = fields.map(([name, type]) => ({ name, codec: codecOf(type) }));
  return {
    write(writer, value) {
      const record = value as Readonly<Record<string, unknown>>;
      for (const { name, codec } of codecs) {
        try {
          codec.write(writer, record[name]);
        } catch (error) {
          // Says which argument it was; anything but XdrError comes from a value of the wrong shape.
          throw new XdrError(`${name}: ${error instanceof Error ? error.message : String(error)}`, {
            cause: error,
          });
        }
      }
    },
    read(reader) {
      const record: Record<string, unknown> = {};
      for (const { name, codec } of codecs) {
        const value = codec.read(reader);
        if (value !== undefined) record[name] = value;
      }
      return record;
    },
    leastBytes: codecs.reduce((sum, { codec }) => sum + codec.leastBytes, 0),
  };
}

function codecOfFields(fields: readonly FieldSpec[]): Codec {
  let codec = compiledFields.get(fields);
  if (codec === undefined) {
    codec = fieldsCodec(fields);
    compiledFields.set(fields, codec);
  }
  return codec;
}

/** Encodes fields, leaving `reservedBytes` in front for a frame's header. */
export function encodeFields(fields: readonly FieldSpec[], record: object, reservedBytes = 0): Buffer {
  const writer = new XdrWriter(reservedBytes);
  codecOfFields(fields).write(writer, record);
  return writer.finish();
}

/** Decodes fields that make up the whole payload. */
export function decodeFields(fields: readonly FieldSpec[], payload: Buffer): unknown {
  return decodeWhole(codecOfFields(fields), payload);
}

/** Encodes a value of any type of the table. */
export function encodeType(type: string, value: unknown): Buffer {
  const writer = new XdrWriter();
  codecOf(type).write(writer, value);
  return writer.finish();
}

/** Decodes a value of any type of the table that makes up the whole payload. */
export function decodeType(type: string, payload: Buffer): unknown {
  return decodeWhole(codecOf(type), payload);
}

function decodeWhole(codec: Codec, payload: Buffer): unknown {
  const reader = new XdrReader(payload);
  const value = codec.read(reader);
  reader.end();
  return value;
}

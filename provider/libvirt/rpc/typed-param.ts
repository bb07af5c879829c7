import { XdrError, type XdrReader, type XdrWriter } from "./xdr.js";

/** A value with its libvirt type, as typed parameters carry it. */
export type TypedValue =
  | { readonly type: "int"; readonly value: number }
  | { readonly type: "uint"; readonly value: number }
  | { readonly type: "hyper"; readonly value: bigint }
  | { readonly type: "uhyper"; readonly value: bigint }
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string };

/** A named value with its libvirt type. */
export type TypedParam = { readonly field: string } & TypedValue;

const TAGS = { int: 1, uint: 2, hyper: 3, uhyper: 4, double: 5, boolean: 6, string: 7 } as const;

/** Writes a typed parameter. */
export function writeTypedParam(writer: XdrWriter, param: TypedParam): void {
  writer.string(param.field);
  writer.int(TAGS[param.type]);
  switch (param.type) {
    case "int":
      writer.int(param.value);
      return;
    case "uint":
      writer.uint(param.value);
      return;
    case "hyper":
      writer.hyper(param.value);
      return;
    case "uhyper":
      writer.uhyper(param.value);
      return;
    case "double":
      writer.double(param.value);
      return;
    case "boolean":
      writer.int(param.value ? 1 : 0);
      return;
    case "string":
      writer.string(param.value);
      return;
    default:
      param satisfies never;
      throw new XdrError("a typed parameter has an unknown type");
  }
}

/** Reads a typed parameter. */
export function readTypedParam(reader: XdrReader): TypedParam {
  const field = reader.string();
  const tag = reader.int();
  switch (tag) {
    case TAGS.int:
      return { field, type: "int", value: reader.int() };
    case TAGS.uint:
      return { field, type: "uint", value: reader.uint() };
    case TAGS.hyper:
      return { field, type: "hyper", value: reader.hyper() };
    case TAGS.uhyper:
      return { field, type: "uhyper", value: reader.uhyper() };
    case TAGS.double:
      return { field, type: "double", value: reader.double() };
    case TAGS.boolean:
      return { field, type: "boolean", value: reader.int() !== 0 };
    case TAGS.string:
      return { field, type: "string", value: reader.string() };
    default:
      throw new XdrError(`typed parameter ${JSON.stringify(field)} has the unknown type ${tag}`);
  }
}

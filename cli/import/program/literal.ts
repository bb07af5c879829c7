/** Text of the program that is no literal, such as the name of a variable. */
export class Code {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const WIDTH = 110;

/** A value as TypeScript has it, on one line where that is short enough. */
export function literal(value: unknown, { indent, used }: { indent: number; used: number }): string {
  const flat = oneLine(value);
  if (
    indent + used + flat.length <= WIDTH ||
    typeof value !== "object" ||
    value === null ||
    value instanceof Code
  )
    return flat;
  const inner = " ".repeat(indent + 2);
  const outer = " ".repeat(indent);
  if (Array.isArray(value)) {
    const items = value.map((entry) => `${inner}${literal(entry, { indent: indent + 2, used: 1 })},\n`);
    return `[\n${items.join("")}${outer}]`;
  }
  return `{\n${properties(value as Record<string, unknown>, indent + 2)}${outer}}`;
}

/** The properties of an object, each on lines of its own. */
export function properties(bag: Readonly<Record<string, unknown>>, indent: number): string {
  return Object.entries(bag)
    .map(([key, value]) => {
      const name = keyText(key);
      if (value instanceof Code && value.text === name) return `${" ".repeat(indent)}${name},\n`;
      return `${" ".repeat(indent)}${name}: ${literal(value, { indent, used: name.length + 3 })},\n`;
    })
    .join("");
}

function oneLine(value: unknown): string {
  if (value instanceof Code) return value.text;
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, inner]) => {
    const [name, text] = [keyText(key), oneLine(inner)];
    return inner instanceof Code && name === text ? name : `${name}: ${text}`;
  });
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

function keyText(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}

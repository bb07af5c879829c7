// JSON as biome formats it, so that the generated file needs no exception from `npm run check`.

const LINE_WIDTH = 110;

/** A value as JSON text: members of an object on a line each, an array in one line if it fits and holds no objects. */
export function printJson(value: object): string {
  return `${printed(value, "", 0)}\n`;
}

function printed(value: unknown, indent: string, used: number): string {
  const inner = `${indent}  `;
  const block = (open: string, lines: readonly string[], close: string) =>
    lines.length === 0 ? open + close : `${open}\n${inner}${lines.join(`,\n${inner}`)}\n${indent}${close}`;
  if (Array.isArray(value)) {
    const line = `[${value.map((item) => JSON.stringify(item)).join(", ")}]`;
    const isFlat = value.every((item) => typeof item !== "object");
    // One more for the comma that may follow.
    if (isFlat && indent.length + used + line.length + 1 <= LINE_WIDTH) return line;
    return block(
      "[",
      value.map((item) => printed(item, inner, 0)),
      "]",
    );
  }
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return block(
      "{",
      members.map(([key, member]) => {
        const name = `${JSON.stringify(key)}: `;
        return name + printed(member, inner, name.length);
      }),
      "}",
    );
  }
  return JSON.stringify(value);
}

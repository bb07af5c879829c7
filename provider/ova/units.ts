const WORDS: Record<string, number> = { byte: 1, bytes: 1 };
for (const [i, prefix] of ["kilo", "mega", "giga", "tera"].entries())
  for (const name of [`${prefix}byte`, `${prefix}bytes`, `${prefix[0]}b`, `${prefix[0]}ib`])
    WORDS[name] = 1024 ** (i + 1);

/**
 * Bytes of a unit as OVF writes it: `byte * 2^20`, or by older programs `MegaBytes`.
 *
 * @returns undefined when it is none.
 */
export function unitBytes(text: string): number | undefined {
  const word = WORDS[text.trim().toLowerCase()];
  if (word !== undefined) return word;
  const factors = text.split("*").map((factor) => factor.trim().toLowerCase());
  if (!factors[0]?.startsWith("byte")) return undefined;
  let bytes = 1;
  for (const factor of factors.slice(1)) {
    const [, base, exponent] = /^(\d+)(?:\s*\^\s*(\d+))?$/.exec(factor) ?? [];
    if (base === undefined) return undefined;
    bytes *= Number(base) ** Number(exponent ?? 1);
  }
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined;
}

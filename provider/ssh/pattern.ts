/**
 * OpenSSH's patterns (ssh_config(5), PATTERNS): `*` any run of characters, `?` exactly one, nothing else is special.
 * Walks the text with one point to fall back to, so no pattern takes exponential time.
 */
export function matchesPattern(text: string, pattern: string): boolean {
  let textAt = 0;
  let patternAt = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (textAt < text.length) {
    const expected = pattern[patternAt];
    if (expected === "*") {
      starAt = patternAt++;
      resumeAt = textAt;
    } else if (expected === "?" || (expected !== undefined && expected === text[textAt])) {
      patternAt++;
      textAt++;
    } else if (starAt >= 0) {
      patternAt = starAt + 1;
      textAt = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[patternAt] === "*") patternAt++;
  return patternAt === pattern.length;
}

/** A list of patterns, some negated by "!": one negated hit outweighs every other, a list of negations alone matches nothing. */
export function matchesPatternList(text: string, patterns: readonly string[]): boolean {
  let matched = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith("!");
    if (!matchesPattern(text, negated ? pattern.slice(1) : pattern)) continue;
    if (negated) return false;
    matched = true;
  }
  return matched;
}

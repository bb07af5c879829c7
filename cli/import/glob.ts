/** Whether a name is one of those that patterns stand for: `*` is any text, `?` any character. No patterns: every name. */
export function matching(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.length === 0) return () => true;
  const expressions = patterns.map((pattern) => {
    const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
    return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "su");
  });
  return (name) => expressions.some((expression) => expression.test(name));
}

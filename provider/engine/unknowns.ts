/**
 * What stands, at any depth, for a value that isn't known yet: in previews, and in a real `up` as well, when a dependent is looked at before the
 * replacement that it depends on. The text is Pulumi's protocol constant (`pulumi.runtime.unknownValue`); the engine's wire format fixes it.
 */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function containsUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (Array.isArray(value)) return value.some(containsUnknown);
  if (typeof value === "object" && value !== null) return Object.values(value).some(containsUnknown);
  return false;
}

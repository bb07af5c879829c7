/** Records of a host are looked through by every resource of the deployment: what is read of one is read once. It must not be changed. */
export function readOnce<R extends object, T>(read: (record: R) => T): (record: R) => T {
  const known = new WeakMap<R, { result: T }>();
  return (record) => {
    const before = known.get(record);
    if (before !== undefined) return before.result;
    const result = read(record);
    known.set(record, { result });
    return result;
  };
}

/** KVM_TEST_RUNS=50 tries everything fifty times as often; `npm run test:fast`, which is over in a minute, a fifth as often. */
const factor = Number(process.env.KVM_TEST_RUNS ?? 1);

/** How often something random is tried, which is tried so often in a run of all tests. */
export function runs(count: number): number {
  return Math.max(1, Math.round(count * factor));
}

/** For how long such a test may go on that may take so many milliseconds in a run of all tests. */
export function longer(timeoutMs: number): number {
  return Math.round(timeoutMs * Math.max(1, factor));
}

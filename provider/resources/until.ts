/** Settles when `arm`'s callback is called or the time is over; throws when aborted. */
export async function until(
  arm: (resolve: () => void) => void,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  let end: () => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    end = resolve;
    timer = setTimeout(resolve, timeoutMs);
    arm(resolve);
    signal.addEventListener("abort", end, { once: true });
  });
  clearTimeout(timer);
  signal.removeEventListener("abort", end);
  signal.throwIfAborted();
}

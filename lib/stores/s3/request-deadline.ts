import type { Clock } from '../../streams/clock.js';

/** How long a request may take, and what else ends it. */
export interface RequestDeadline {
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Aborts when the store is closed. */
  readonly closed?: AbortSignal;
}

/**
 * Makes a request and aborts it when it takes too long: a service that accepts connections and
 * never answers would otherwise block its caller for good.
 *
 * @param signal aborts the request as well
 * @throws Error named `TimeoutError`; otherwise what `request` rejects with
 */
export async function withDeadline<Answer>(
  { clock, closed, timeoutMs }: RequestDeadline,
  signal: AbortSignal | undefined,
  request: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const ending = new AbortController();
  const signals = [signal, closed].filter((given) => given !== undefined);
  let isLate = false;
  const timer = clock.setTimer(() => {
    isLate = true;
    ending.abort();
  }, timeoutMs);
  timer.ref();
  // Not `AbortSignal.any`, which would add to signals that live as long as the process.
  const abort = () => ending.abort();
  for (const given of signals) given.addEventListener('abort', abort);
  if (signals.some(({ aborted }) => aborted)) ending.abort();
  try {
    return await request(ending.signal);
  } catch (error) {
    if (!isLate || signals.some(({ aborted }) => aborted)) throw error;
    throw Object.assign(new Error(`no answer within ${timeoutMs} ms`, { cause: error }), {
      name: 'TimeoutError',
    });
  } finally {
    timer.cancel();
    for (const given of signals) given.removeEventListener('abort', abort);
  }
}

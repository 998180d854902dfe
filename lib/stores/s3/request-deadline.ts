import type { Clock } from '../../streams/clock.js';

/** How long a request may take. */
export interface RequestDeadline {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/**
 * Makes a request and aborts it when it takes too long: a service that accepts connections and
 * never answers would otherwise block its caller for good.
 *
 * @param signal aborts the request as well
 * @throws Error named `TimeoutError`; otherwise what `request` rejects with
 */
export async function withDeadline<Answer>(
  { clock, timeoutMs }: RequestDeadline,
  signal: AbortSignal | undefined,
  request: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const late = new AbortController();
  const timer = clock.setTimer(() => late.abort(), timeoutMs);
  timer.ref();
  try {
    return await request(
      signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]),
    );
  } catch (error) {
    if (!late.signal.aborted || signal?.aborted) throw error;
    throw Object.assign(new Error(`no answer within ${timeoutMs} ms`, { cause: error }), {
      name: 'TimeoutError',
    });
  } finally {
    timer.cancel();
  }
}

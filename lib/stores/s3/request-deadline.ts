import type { Clock } from '../../streams/clock.js';

/** How long a request may take, and how it is told of in a message. */
export interface RequestDeadline {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/**
 * Makes a request that is cut off when it takes too long: a service that takes connections and never
 * answers would hold its caller for ever.
 *
 * @param signal cuts it off, too
 * @throws Error named `TimeoutError`; what `request` rejects with
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

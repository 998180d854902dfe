/**
 * Waits for work, or until `signal` aborts. After an abort the work continues without a caller, and
 * its failure is ignored.
 *
 * @returns whether the work is done
 * @throws what the work rejects with before the abort
 */
export async function untilAborted(
  work: Promise<unknown>,
  signal: AbortSignal,
): Promise<'done' | 'aborted'> {
  work.catch(() => undefined);
  if (signal.aborted) return 'aborted';
  let abort = () => {};
  const aborted = new Promise<'aborted'>((resolve) => {
    abort = () => resolve('aborted');
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([work.then(() => 'done' as const), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

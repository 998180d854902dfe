import type { Clock } from './clock.js';

/**
 * Waits, and keeps the process alive meanwhile.
 *
 * @throws the signal's reason when it aborts
 */
export function sleepUntilAborted(
  delayMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const abort = () => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = clock.setTimer(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, delayMs);
    timer.ref();
    signal.addEventListener('abort', abort, { once: true });
  });
}

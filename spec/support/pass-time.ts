import type { FakeClock } from './fake-clock.js';
import { until } from './until.js';

const STEP_MS = 50;

/**
 * Advances a clock while the disk works, until a promise settles. The clock stands still while the
 * disk has anything to do, so that no lease and no deadline runs out because the disk is slow.
 *
 * @param mostMs the clock stands still for good after so much time
 */
export async function passTime<T>(
  clock: FakeClock,
  settling: Promise<T>,
  mostMs = Number.POSITIVE_INFINITY,
): Promise<T> {
  let isSettled = false;
  let passedMs = 0;
  const settled = () => {
    isSettled = true;
  };
  settling.then(settled, settled);
  const step = async () => {
    await diskIdle();
    if (isSettled || passedMs >= mostMs) return isSettled;
    clock.advance(STEP_MS);
    passedMs += STEP_MS;
    return false;
  };
  await until(step, { what: 'the promise settles' });
  return await settling;
}

/**
 * Settles after a turn of the event loop, once this process waits neither for a call to the file
 * system, the closing of a file included, nor for the hashing thread, whose port is active while it
 * has a task.
 */
export async function diskIdle(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while (
    process.getActiveResourcesInfo().some((name) => /^FSReq|^CloseReq$|^MessagePort$/.test(name))
  );
}

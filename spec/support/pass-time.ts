import type { FakeClock } from './fake-clock.js';

/** Advances a clock while the disk works, until a promise settles. */
export async function passTime<T>(clock: FakeClock, settling: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = () => {
    isSettled = true;
  };
  settling.then(settled, settled);
  while (!isSettled) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(50);
  }
  return await settling;
}

import { timers } from '../format/timers.js';

/** Node's longest delay. The timer only has to exist. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

let holds = 0;
let timer: NodeJS.Timeout | undefined;

/**
 * Keeps the process alive until the function that it returns is called. For whatever a caller waits
 * for: what that depends on (a retry, a lease, another process) need not keep the process alive by
 * itself, and an exit would end the wait silently, with code 0.
 */
export function keepAlive(): () => void {
  if (holds++ === 0) timer = timers.setInterval(() => {}, LONGEST_DELAY_MS);
  let isHeld = true;
  return () => {
    if (!isHeld) return;
    isHeld = false;
    if (--holds === 0) timers.clearInterval(timer);
  };
}

/** Keeps the process alive until a promise settles, and settles as it does. */
export async function keepAliveUntil<T>(settling: Promise<T>): Promise<T> {
  const release = keepAlive();
  try {
    return await settling;
  } finally {
    release();
  }
}

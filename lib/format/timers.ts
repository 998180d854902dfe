import { performance } from 'node:perf_hooks';
import nodeTimers from 'node:timers';
import promises from 'node:timers/promises';

const { clearImmediate, clearInterval, clearTimeout } = nodeTimers;
const { setImmediate, setInterval, setTimeout } = nodeTimers;

/**
 * Node's timers, as they are when this package is loaded. Fake timers of a test replace the globals
 * later and would never call back: writes, receipts and leases would hang. Specs of this package
 * replace them here.
 */
export const timers = {
  clearImmediate,
  clearInterval,
  clearTimeout,
  setImmediate,
  setInterval,
  setTimeout,
};

/** Resolves after a number of milliseconds. */
export const sleep = promises.setTimeout;

export const nextTick: typeof process.nextTick = process.nextTick.bind(process);

/** Milliseconds of a clock that never jumps. */
export const monotonicMs: () => number = performance.now.bind(performance);

/** Milliseconds since the epoch by the real clock, to compare with the times of files. */
export const realNowMs: () => number = Date.now.bind(Date);

import { mock } from 'node:test';

import { timers } from '../../lib/format/timers.js';

const real = { ...timers };

/** Replaces the timeouts of this package and of the spec, until `restoreTimeouts`. */
export function mockTimeouts(): void {
  mock.timers.enable({ apis: ['setTimeout'] });
  // The functions that the mock put in place of the globals.
  Object.assign(timers, {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
  });
}

export function restoreTimeouts(): void {
  Object.assign(timers, real);
  mock.timers.reset();
}

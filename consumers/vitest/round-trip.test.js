import { afterEach, describe, expect, test, vi } from 'vitest';

import { roundTrip } from '../round-trip.js';

describe('write, ship and read', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('with real timers', { timeout: 30_000 }, async () => {
    expect(await roundTrip()).toBe(27);
  });

  test('with fake timers', { timeout: 30_000 }, async () => {
    vi.useFakeTimers();
    expect(await roundTrip()).toBe(27);
  });

  // Not nextTick: Node's own streams take it from the process when they need it.
  test('with everything faked that Node does not need itself', { timeout: 30_000 }, async () => {
    vi.useFakeTimers({
      toFake: [
        'setTimeout',
        'setInterval',
        'setImmediate',
        'queueMicrotask',
        'performance',
        'Date',
      ],
    });
    expect(await roundTrip()).toBe(27);
  });
});

import { afterEach, describe, expect, jest, test } from '@jest/globals';

import { roundTrip } from '../round-trip.js';

describe('write, ship and read', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  test('with real timers', async () => {
    expect(await roundTrip()).toBe(27);
  });

  test('with fake timers', async () => {
    jest.useFakeTimers();
    expect(await roundTrip()).toBe(27);
  });
});

import { setImmediate } from 'node:timers/promises';

import { expect } from 'chai';

import { FlushTimer } from '../../../lib/writing/rolling/flush-timer.js';
import { FakeClock } from '../../support/fake-clock.js';

describe('FlushTimer', () => {
  let clock: FakeClock;
  let timer: FlushTimer;
  let due: number;

  beforeEach(() => {
    due = 0;
    clock = new FakeClock();
    timer = new FlushTimer(clock, 1000, () => due++);
  });

  it('is due an interval after it was first armed, and keeps the process alive until then', () => {
    timer.arm();
    clock.advance(999);
    timer.arm();
    expect([due, clock.refTimers]).to.deep.equal([0, 1]);
    clock.advance(1);
    expect([due, clock.refTimers]).to.deep.equal([1, 0]);
  });

  it('is due once for all hurried calls of a turn, and again in the next', async () => {
    for (let i = 0; i < 10; i++) {
      timer.hurry();
      await Promise.resolve();
    }
    expect(due).to.equal(0);
    await setImmediate();
    expect(due).to.equal(1);
    timer.hurry();
    await setImmediate();
    expect(due).to.equal(2);
  });

  it('is not due after it was cancelled, until it is armed again', async () => {
    timer.arm();
    timer.hurry();
    timer.cancel();
    clock.advance(1000);
    await setImmediate();
    expect([due, clock.pendingTimers]).to.deep.equal([0, 0]);
    timer.arm();
    clock.advance(1000);
    expect(due).to.equal(1);
  });
});

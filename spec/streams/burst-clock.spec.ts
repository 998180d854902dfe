import { expect } from 'chai';

import { nextTick } from '../../lib/format/timers.js';
import { BurstClock } from '../../lib/streams/burst-clock.js';
import { FakeClock } from '../support/fake-clock.js';

describe('BurstClock', () => {
  let clock: FakeClock;
  let readings: number;
  let burst: BurstClock;

  beforeEach(() => {
    clock = new FakeClock();
    readings = 0;
    const counting = {
      now: () => {
        readings++;
        return clock.now();
      },
      setTimer: clock.setTimer.bind(clock),
    };
    burst = new BurstClock(counting);
  });

  function call(times: number): void {
    for (let i = 0; i < times; i++) burst.now();
  }

  it('reads the clock at each of the first calls of a turn', () => {
    call(50);
    expect(readings).to.equal(50);
    clock.advance(1);
    expect(burst.now()).to.equal(clock.now());
  });

  it('shares readings in a burst', () => {
    call(6400);
    expect(readings).to.be.below(500);
    clock.advance(5);
    const late = Array.from({ length: 20 }, () => burst.now()).filter((ms) => ms < clock.now());
    expect(late.length).to.be.below(16);
  });

  it('reads the clock at each call while time passes', () => {
    for (let i = 0; i < 200; i++) {
      clock.advance(2);
      expect(burst.now()).to.equal(clock.now());
    }
  });

  it('shares no reading with a later turn', async () => {
    call(100);
    await new Promise<void>((resolve) => nextTick(resolve));
    clock.advance(10_000);
    expect(burst.now()).to.equal(clock.now());
    readings = 0;
    call(50);
    expect(readings).to.equal(50);
  });

  it('takes a clock that jumps', () => {
    call(100);
    clock.advance(-60_000);
    call(16);
    expect(burst.now()).to.equal(clock.now());
  });
});

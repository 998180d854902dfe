import { once } from 'node:events';

import { expect } from 'chai';

import { ShippingPendingError } from '../../lib/errors/shipping-pending-error.js';
import { EndWait } from '../../lib/writing/end-wait.js';
import { NOTHING_SHIPPED, type ShippingState } from '../../lib/writing/handlers/archive-shipper.js';
import { FakeClock } from '../support/fake-clock.js';
import { rejection } from '../support/store-tools.js';

/** Ships nothing, and waits until its caller aborts. */
const STUCK = {
  async drain(signal: AbortSignal): Promise<ShippingState> {
    if (!signal.aborted) await once(signal, 'abort');
    return { ...NOTHING_SHIPPED, left: ['a'] };
  },
};

describe('EndWait', () => {
  let clock: FakeClock;
  let over: number;
  let wait: EndWait;

  beforeEach(() => {
    clock = new FakeClock();
    over = 0;
    wait = new EndWait(clock, 1000, () => over++);
  });

  it('gives the disk the whole time, and the store as much again', async () => {
    wait.begin();
    clock.advance(900);
    const shipped = rejection(wait.ship(STUCK));
    clock.advance(999);
    expect(over).to.equal(0);
    clock.advance(1);
    expect(await shipped).to.be.instanceOf(ShippingPendingError);
    expect(over).to.equal(1);
  });

  it('counts a deadline for both from the call that sets it', async () => {
    wait.limit(500);
    clock.advance(200);
    wait.begin();
    clock.advance(200);
    const shipped = rejection(wait.ship(STUCK));
    clock.advance(100);
    expect(await shipped).to.be.instanceOf(ShippingPendingError);
  });

  it('does not fail for archives that are left if the caller allows that', async () => {
    wait.allowLeft();
    wait.begin();
    const shipped = wait.ship(STUCK);
    clock.advance(1000);
    await shipped;
  });

  it('keeps the process alive while it waits, and no longer', () => {
    wait.begin();
    expect(clock.refTimers).to.equal(1);
    wait.end();
    wait.limit(10);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('gives a destroyed writer 5 s for handlers, and a deadline of its own precedence', () => {
    wait.cut();
    clock.advance(4999);
    expect(wait.overdue.aborted).to.equal(false);
    clock.advance(1);
    expect(wait.overdue.reason).to.include({ code: 'ERR_DEADLINE', deadlineMs: 5000 });
    const limited = new EndWait(clock, 1000, () => {});
    limited.limit(6000);
    limited.cut();
    clock.advance(5999);
    expect(limited.overdue.aborted).to.equal(false);
    clock.advance(1);
    expect(limited.overdue.reason).to.include({ deadlineMs: 6000 });
  });

  it('refuses a deadline that is not a duration, and keeps its limit', () => {
    for (const deadline of [-1, Number.NaN]) {
      expect(() => wait.limit(deadline)).to.throw(RangeError);
    }
    wait.begin();
    clock.advance(999);
    expect(over).to.equal(0);
  });
});

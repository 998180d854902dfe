import { expect } from 'chai';

import { DiskRetry, type DiskStall, type DiskStep } from '../../../lib/writing/sink/disk-retry.js';
import { FileFaultError } from '../../../lib/writing/sink/file-fault.js';
import { FakeClock } from '../../support/fake-clock.js';
import { rejection } from '../../support/store-tools.js';
import { systemError } from '../../support/test-disk.js';

const STEP: DiskStep = { operation: 'write', archive: 'a' };

describe('DiskRetry', () => {
  let clock: FakeClock;
  let reports: (DiskStall | DiskStep)[];
  let retry: DiskRetry;

  beforeEach(() => {
    clock = new FakeClock();
    reports = [];
    retry = new DiskRetry(clock, {
      onStalled: (stall) => reports.push(stall),
      onResumed: (step) => reports.push(step),
    });
  });

  /** An attempt that counts its calls, and fails for the first `failures` of them. */
  function failing(failures: number, error: unknown) {
    const attempt = {
      made: 0,
      run: async () => {
        if (++attempt.made <= failures) throw error;
        return 'done';
      },
    };
    return attempt;
  }

  const ticks = () => new Promise<void>((resolve) => setImmediate(resolve));

  it('reports nothing if a step succeeds at once', async () => {
    expect(await retry.run(STEP, failing(0, null).run)).to.equal('done');
    expect(reports).to.deep.equal([]);
  });

  it('repeats a step after 0.1 s, then twice as long, and reports both ends', async () => {
    const error = systemError('ENOSPC', 'write');
    const attempt = failing(3, error);
    const running = retry.run(STEP, attempt.run);
    for (const [made, delay] of [
      [1, 100],
      [2, 200],
      [3, 400],
    ] as const) {
      await ticks();
      clock.advance(delay - 1);
      await ticks();
      expect(attempt.made).to.equal(made);
      expect(retry.stall).to.deep.equal({ ...STEP, error });
      clock.advance(1);
    }
    expect(await running).to.equal('done');
    expect(reports).to.deep.equal([{ ...STEP, error }, STEP]);
    expect([retry.stall, clock.pendingTimers]).to.deep.equal([null, 0]);
  });

  it('waits 10 s at most, and keeps the process alive meanwhile', async () => {
    const attempt = failing(20, systemError('EIO', 'write'));
    const running = retry.run(STEP, attempt.run);
    for (let made = 1; made <= 20; made++) {
      await ticks();
      expect([attempt.made, clock.refTimers]).to.deep.equal([made, 1]);
      clock.advance(10_000);
    }
    expect(await running).to.equal('done');
  });

  it('repeats a step after a fault of the file, which the next attempt replaces', async () => {
    const running = retry.run(STEP, failing(1, new FileFaultError('taken', 'it is gone')).run);
    await ticks();
    clock.advance(100);
    expect(await running).to.equal('done');
  });

  for (const [what, error] of [
    ['a call that is wrong', systemError('EINVAL', 'write')],
    ['an error that is not a system error', new Error('a mistake')],
  ] as const) {
    it(`does not repeat ${what}`, async () => {
      const attempt = failing(1, error);
      expect(await rejection(retry.run(STEP, attempt.run))).to.equal(error);
      expect([attempt.made, retry.stall, reports]).to.deep.equal([1, null, []]);
    });
  }

  it('makes one more attempt at once after giveUp, and then fails', async () => {
    const error = systemError('ENOSPC', 'write');
    const waiting = failing(9, error);
    const running = rejection(retry.run(STEP, waiting.run));
    await ticks();
    retry.giveUp();
    expect(await running).to.equal(error);
    const later = failing(9, error);
    expect(await rejection(retry.run(STEP, later.run))).to.equal(error);
    expect([waiting.made, later.made]).to.deep.equal([2, 2]);
    expect([retry.stall, clock.pendingTimers]).to.deep.equal([null, 0]);
  });

  it('names the step that has waited longest', async () => {
    const [first, second] = [
      failing(1, systemError('EIO', 'write')),
      failing(1, systemError('EMFILE', 'open')),
    ];
    const other: DiskStep = { operation: 'seal', archive: 'b' };
    const running = [retry.run(STEP, first.run), retry.run(other, second.run)];
    await ticks();
    expect(retry.stall).to.include(STEP);
    clock.advance(100);
    await Promise.all(running);
    expect(retry.stall).to.equal(null);
  });
});

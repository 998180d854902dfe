import { expect } from 'chai';

import { ArchiveProgress } from '../../../lib/writing/receipts/archive-progress.js';
import { RECEIPT_LEVELS } from '../../../lib/writing/receipts/receipt-level.js';
import { rejection } from '../../support/store-tools.js';

describe('ArchiveProgress', () => {
  const failure = new Error('gone');
  let progress: ArchiveProgress;

  beforeEach(() => {
    progress = new ArchiveProgress();
    progress.archive = 'a.events';
  });

  // Callers that wait keep the process alive.
  afterEach(() => progress.fail(RECEIPT_LEVELS, failure));

  /** The values that the promises have settled with by now. */
  async function settledOf(promises: readonly Promise<unknown>[]): Promise<unknown[]> {
    const settled: unknown[] = promises.map(() => 'waits');
    for (const [i, promise] of promises.entries()) {
      promise.then(
        (value) => {
          settled[i] = value;
        },
        (error) => {
          settled[i] = error;
        },
      );
    }
    await new Promise((resolve) => setImmediate(resolve));
    return settled;
  }

  const ask = (level: 'synced' | 'sealed', count = 5) =>
    Array.from({ length: count }, (_, i) =>
      progress.reached(level, i, (archive) => `${archive} ${i}`),
    );

  it('settles for records that have reached a level, and at once for later callers', async () => {
    const asked = ask('synced');
    progress.reach('synced', 2);
    progress.reach('synced', 1);
    const expected = ['a.events 0', 'a.events 1', 'waits', 'waits', 'waits'];
    expect(await settledOf(asked)).to.deep.equal(expected);
    expect(await settledOf(ask('synced'))).to.deep.equal(expected);
    expect([progress.hasReached('synced', 1), progress.hasReached('synced', 2)]).to.deep.equal([
      true,
      false,
    ]);
    expect(await settledOf(ask('sealed', 1))).to.deep.equal(['waits']);
    progress.reach('synced', 5);
    expect((await settledOf(asked)).at(-1)).to.equal('a.events 4');
  });

  it('rejects for records that are lost, whatever level the others reach', async () => {
    const asked = ask('sealed');
    progress.lose(['sealed'], { begin: 1, end: 3 }, failure);
    progress.lose(['sealed'], { begin: 4, end: 4 }, new Error('of none'));
    progress.reach('sealed', 5);
    const expected = ['a.events 0', failure, failure, 'a.events 3', 'a.events 4'];
    expect(await settledOf(asked)).to.deep.equal(expected);
    expect(await settledOf(ask('sealed'))).to.deep.equal(expected);
    expect(await rejection(progress.allReached('sealed', 5))).to.equal(failure);
    await progress.allReached('sealed', 1);
  });

  it('rejects when it fails, except for records that have reached the level', async () => {
    const asked = ask('synced', 2);
    progress.reach('synced', 1);
    progress.fail(['synced'], failure);
    expect(await settledOf(asked)).to.deep.equal(['a.events 0', failure]);
    expect(await settledOf(ask('synced', 2))).to.deep.equal(['a.events 0', failure]);
    expect(await rejection(progress.allReached('synced', 2))).to.equal(failure);
    expect(await settledOf(ask('sealed', 1))).to.deep.equal(['waits']);
  });
});

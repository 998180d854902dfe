import { expect } from 'chai';

import { allowTime } from '../support/allow-time.js';
import { createRandom, extremeCuts, type PowerCut, randomCut } from '../support/power-cut.js';
import type { PowerDisk } from '../support/power-disk.js';
import {
  checkRecovered,
  checkStore,
  createDisk,
  PLAN,
  type PowerPlan,
  Promises,
  recover,
  writeRecords,
} from '../support/power-script.js';

/**
 * With POWER_CUTS=all the power fails at each call, and in several ways at each. Otherwise it fails
 * at some calls, in one way at each. The ways take turns, so that one run tries all of them.
 */
const TRIES_ALL = process.env.POWER_CUTS === 'all';
const STRIDE = TRIES_ALL ? 1 : 83;
const WAYS_PER_CALL = TRIES_ALL ? 4 : 1;

/** A disk that a cut or a kill has left, and what was promised then. */
interface Left {
  readonly disk: PowerDisk;
  readonly promises: Promises;
  readonly what: string;
}

describe('createArchiveWriter, when the power fails', function () {
  allowTime(this, TRIES_ALL ? 1_200_000 : 120_000);
  const random = createRandom(35);
  const cuts: readonly PowerCut[] = [
    ...extremeCuts(random),
    ...Array.from({ length: 4 }, () => randomCut(random)),
  ];
  let turn = 0;

  function nextCuts(): readonly PowerCut[] {
    const begin = turn % cuts.length;
    turn += WAYS_PER_CALL;
    return cuts.slice(begin, begin + WAYS_PER_CALL);
  }

  /** Runs `act`, and gives the disks that `leave` makes at every so many calls. */
  async function atCalls(
    disk: PowerDisk,
    promises: Promises,
    { stride, leave }: { stride: number; leave: () => { disk: PowerDisk; how: string }[] },
    act: () => Promise<unknown>,
  ): Promise<Left[]> {
    const left: Left[] = [];
    disk.calls = 0;
    disk.hook = (call, path, n) => {
      if (n % stride !== 0) return;
      for (const { disk: found, how } of leave()) {
        const what = `${how} before call ${n}, ${call} ${path}`;
        left.push({ disk: found, promises: new Promises(promises), what });
      }
    };
    await act();
    return left;
  }

  function cutPower(disk: PowerDisk) {
    return nextCuts().map((cut) => ({
      disk: disk.copyAfter(cut),
      how: `names ${cut.names}, bytes ${cut.bytes}`,
    }));
  }

  async function check({ disk, promises, what }: Left, plan: PowerPlan): Promise<void> {
    const store = await checkStore(disk, promises);
    expect(store.problems, what).to.deep.equal([]);
    expect(await recover(disk, plan, 1), what).to.deep.equal([]);
    const { problems } = await checkRecovered(disk, promises, plan);
    expect(problems, what).to.deep.equal([]);
  }

  const plans: [what: string, plan: PowerPlan][] = [
    ["sync: 'no'", { ...PLAN, sync: 'no' }],
    ["sync: 'everysec'", { ...PLAN, sync: 'everysec' }],
    ["sync: 'always'", { ...PLAN, sync: 'always' }],
    ['a handler that moves archives', { ...PLAN, sealed: 'moveTo' }],
    [
      'a handler that moves archives to another device',
      { ...PLAN, sealed: 'moveTo', movesAcross: true },
    ],
  ];
  for (const [what, plan] of plans) {
    it(`keeps every promise at every call (${what})`, async () => {
      const disk = createDisk(plan);
      const promises = new Promises();
      const left = await atCalls(
        disk,
        promises,
        { stride: STRIDE, leave: () => cutPower(disk) },
        async () => expect(await writeRecords(disk, plan, 0, promises)).to.deep.equal([]),
      );
      await check({ disk, promises, what: 'at the end' }, plan);
      expect(promises.synced.size).to.equal(plan.records);
      // A run makes 250 calls or more; how many exactly depends on timing.
      expect(left.length).to.be.greaterThan(2);
      for (const one of left) await check(one, plan);
    });
  }

  it('keeps every promise when a writer is killed and the power fails during recovery', async () => {
    const plan: PowerPlan = { ...PLAN, records: 12 };
    const disk = createDisk(plan);
    const promises = new Promises();
    const killed = await atCalls(
      disk,
      promises,
      { stride: TRIES_ALL ? 8 : 61, leave: () => [{ disk: disk.copyRunning(), how: 'killed' }] },
      () => writeRecords(disk, plan, 0, promises),
    );
    for (const kill of killed) {
      const left = await atCalls(
        kill.disk,
        kill.promises,
        { stride: TRIES_ALL ? 5 : 71, leave: () => cutPower(kill.disk) },
        () => recover(kill.disk, plan, 2),
      );
      for (const one of left) await check({ ...one, what: `${kill.what}; ${one.what}` }, plan);
    }
    expect(killed.length).to.be.greaterThan(2);
  });
});

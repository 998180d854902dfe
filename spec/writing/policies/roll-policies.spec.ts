import { expect } from 'chai';
import fc from 'fast-check';

import {
  rollAtClock,
  rollByAge,
  rollByCount,
  rollByIdle,
  rollBySize,
  rollNever,
} from '../../../lib/writing/policies/roll-policies.js';
import type { ArchiveFacts, RollPolicy } from '../../../lib/writing/policies/roll-policy.js';

const HOUR_MS = 3_600_000;

/** Half past twelve. */
const OPENED_AT = Date.UTC(2026, 10, 24, 12, 30);

describe('rollNever', () => {
  it('is never due', () => {
    const archive = facts({ bytes: Number.MAX_SAFE_INTEGER, records: Number.MAX_SAFE_INTEGER });
    expect(rollNever().isDue(archive, Number.MAX_SAFE_INTEGER)).to.equal(false);
    expect(dueAtOf(rollNever(), archive)).to.equal(null);
  });
});

describe('rollBySize', () => {
  it('is due from its size on', () => {
    const policy = rollBySize('1 KiB');
    expect(policy.isDue(facts({ bytes: 1023 }), OPENED_AT)).to.equal(false);
    expect(policy.isDue(facts({ bytes: 1024 }), OPENED_AT)).to.equal(true);
    expect(policy.isDue(facts({ bytes: 1025 }), OPENED_AT)).to.equal(true);
  });

  it('needs no timer', () => {
    expect(rollBySize(1)).not.to.have.property('dueAt');
  });

  it('refuses a value that is not a size', () => {
    for (const size of [0, '0 MiB', -1, 0.5, Number.NaN, 'big']) {
      expect(() => rollBySize(size), String(size)).to.throw(RangeError, String(size));
    }
  });
});

describe('rollByCount', () => {
  it('is due from its number of records on', () => {
    expect(rollByCount(3).isDue(facts({ records: 2 }), OPENED_AT)).to.equal(false);
    expect(rollByCount(3).isDue(facts({ records: 3 }), OPENED_AT)).to.equal(true);
  });

  it('refuses a value that is not a number of records', () => {
    for (const count of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => rollByCount(count), String(count)).to.throw(RangeError, String(count));
    }
  });
});

describe('rollByAge', () => {
  it('is due at that age of the archive, whether records come or not', () => {
    const policy = rollByAge('1h');
    const archive = facts({ lastWriteAt: OPENED_AT + HOUR_MS - 1 });
    expect(policy.isDue(archive, OPENED_AT + HOUR_MS - 1)).to.equal(false);
    expect(policy.isDue(archive, OPENED_AT + HOUR_MS)).to.equal(true);
    expect(dueAtOf(policy, archive)).to.equal(OPENED_AT + HOUR_MS);
  });
});

describe('rollByIdle', () => {
  it('is due that long after the last write', () => {
    const policy = rollByIdle('1h');
    const lastWriteAt = OPENED_AT + 5 * HOUR_MS;
    const archive = facts({ lastWriteAt });
    expect(policy.isDue(archive, lastWriteAt)).to.equal(false);
    expect(policy.isDue(archive, lastWriteAt + HOUR_MS)).to.equal(true);
    expect(dueAtOf(policy, archive)).to.equal(lastWriteAt + HOUR_MS);
  });
});

describe('rollAtClock', () => {
  it('is due on the hour', () => {
    const policy = rollAtClock('1h');
    const hour = Date.UTC(2026, 10, 24, 13);
    expect(dueAtOf(policy, facts())).to.equal(hour);
    expect(policy.isDue(facts(), hour - 1)).to.equal(false);
    expect(policy.isDue(facts(), hour)).to.equal(true);
  });

  it('gives an archive opened on the hour the whole hour', () => {
    const hour = Date.UTC(2026, 10, 24, 13);
    const archive = facts({ openedAt: hour });
    expect(rollAtClock('1h').isDue(archive, hour)).to.equal(false);
    expect(dueAtOf(rollAtClock('1h'), archive)).to.equal(hour + HOUR_MS);
  });

  it('stays due until it is asked', () => {
    expect(rollAtClock('1h').isDue(facts(), OPENED_AT + 100 * HOUR_MS)).to.equal(true);
  });

  it('moves its boundaries by an offset', () => {
    const policy = rollAtClock('24h', { offset: '5h' });
    expect(dueAtOf(policy, facts())).to.equal(Date.UTC(2026, 10, 25, 5));
    const openedAt = Date.UTC(2026, 10, 24, 4, 59);
    expect(dueAtOf(policy, facts({ openedAt }))).to.equal(Date.UTC(2026, 10, 24, 5));
  });

  it('counts from the epoch, even before it', () => {
    expect(dueAtOf(rollAtClock('1h'), facts({ openedAt: -1 }))).to.equal(0);
  });

  it('refuses a bad offset', () => {
    expect(() => rollAtClock('1h', { offset: -1 })).to.throw(RangeError, 'offset is -1');
  });
});

const PERIODIC: readonly (readonly [string, (period: number | string) => RollPolicy])[] = [
  ['rollByAge', rollByAge],
  ['rollByIdle', rollByIdle],
  ['rollAtClock', rollAtClock],
];

for (const [name, make] of PERIODIC) {
  describe(name, () => {
    it('refuses a value that is not a duration', () => {
      for (const period of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 'soon', '0s']) {
        expect(() => make(period), String(period)).to.throw(RangeError, `${name} is`);
      }
    });

    it('is due exactly from dueAt on', () => {
      fc.assert(
        fc.property(times, times, fc.integer({ min: 1, max: 1e9 }), (openedAt, now, period) => {
          const policy = make(period);
          const archive = facts({ openedAt, lastWriteAt: openedAt });
          expect(policy.isDue(archive, now)).to.equal(now >= Number(dueAtOf(policy, archive)));
        }),
      );
    });

    it('does not roll the new archive at once, even after the clock has jumped', () => {
      fc.assert(
        fc.property(times, fc.integer({ min: 1, max: 1e9 }), (now, period) => {
          const policy = make(period);
          expect(policy.isDue(facts({ openedAt: now, lastWriteAt: now }), now)).to.equal(false);
        }),
      );
    });

    it('does not roll because the clock jumped back', () => {
      const archive = facts();
      expect(make('1s').isDue(archive, OPENED_AT - 24 * HOUR_MS)).to.equal(false);
    });
  });
}

const times = fc.integer({ min: -1e12, max: 4e12 });

function facts(change: Partial<ArchiveFacts> = {}): ArchiveFacts {
  return {
    bytes: 100,
    records: 1,
    openedAt: OPENED_AT,
    lastWriteAt: OPENED_AT,
    firstTime: null,
    lastTime: null,
    ...change,
  };
}

function dueAtOf(policy: RollPolicy, archive: ArchiveFacts): number | null | undefined {
  return policy.dueAt?.(archive);
}

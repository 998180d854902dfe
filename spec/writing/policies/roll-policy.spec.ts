import { expect } from 'chai';

import {
  rollByAge,
  rollByCount,
  rollByIdle,
  rollBySize,
  rollNever,
} from '../../../lib/writing/policies/roll-policies.js';
import {
  type ArchiveFacts,
  type RollPolicy,
  rollWhenAll,
  rollWhenAny,
  toRollPolicy,
} from '../../../lib/writing/policies/roll-policy.js';

const SMALL: ArchiveFacts = {
  bytes: 10,
  records: 1,
  openedAt: 1000,
  lastWriteAt: 1500,
  firstTime: null,
  lastTime: null,
};

const LARGE: ArchiveFacts = { ...SMALL, bytes: 1000 };

describe('rollWhenAny', () => {
  it('is due when one of its policies is', () => {
    const policy = rollWhenAny(rollBySize(100), rollByCount(100));
    expect(policy.isDue(SMALL, 2000)).to.equal(false);
    expect(policy.isDue(LARGE, 2000)).to.equal(true);
  });

  it('has the earliest dueAt of its policies', () => {
    expect(dueAtOf(rollWhenAny(rollByAge(500), rollByAge(300), rollBySize(1)), SMALL)).to.equal(
      1300,
    );
  });

  it('has no dueAt if none of its policies has one', () => {
    expect(dueAtOf(rollWhenAny(rollBySize(100), rollNever()), SMALL)).to.equal(null);
  });

  it('is never due without policies', () => {
    expect(rollWhenAny().isDue(LARGE, 1e15)).to.equal(false);
    expect(dueAtOf(rollWhenAny(), LARGE)).to.equal(null);
  });
});

describe('rollWhenAll', () => {
  it('is due when all of its policies are', () => {
    const policy = rollWhenAll(rollBySize(100), rollByAge(1000));
    expect(policy.isDue(LARGE, 1999)).to.equal(false);
    expect(policy.isDue(SMALL, 2000)).to.equal(false);
    expect(policy.isDue(LARGE, 2000)).to.equal(true);
  });

  it('has the latest dueAt of its policies', () => {
    expect(dueAtOf(rollWhenAll(rollByAge(2000), rollByAge(3000)), SMALL)).to.equal(4000);
  });

  it('has no dueAt while a policy without dueAt is not due', () => {
    expect(dueAtOf(rollWhenAll(rollBySize(100), rollByAge(1000)), SMALL)).to.equal(null);
    expect(dueAtOf(rollWhenAll(rollNever(), rollByAge(1000)), LARGE)).to.equal(null);
  });

  it('is not delayed by a policy that is due already', () => {
    expect(dueAtOf(rollWhenAll(rollBySize(100), rollByAge(1000)), LARGE)).to.equal(2000);
  });

  it('is not delayed by a list with a policy that is due already', () => {
    const policy = rollWhenAll([rollBySize(100), rollByAge('1h')], rollByIdle(700));
    expect(dueAtOf(policy, LARGE)).to.equal(2200);
    expect(policy.isDue(LARGE, 2200)).to.equal(true);
  });

  it('refuses an empty list, which would always be due', () => {
    expect(() => rollWhenAll()).to.throw(RangeError, '0 policies');
  });
});

describe('toRollPolicy', () => {
  it('takes a policy as it is', () => {
    const policy = rollByAge('1m');
    expect(toRollPolicy(policy)).to.equal(policy);
  });

  it('takes a function as isDue', () => {
    const policy = toRollPolicy((archive, now) => archive.bytes > 10 && now > 5);
    expect(policy.isDue(LARGE, 6)).to.equal(true);
    expect(policy.isDue(LARGE, 5)).to.equal(false);
    expect(policy.isDue(SMALL, 6)).to.equal(false);
    expect(policy.dueAt).to.equal(undefined);
  });

  it('is due when any policy of a list is, lists in it included', () => {
    const policy = toRollPolicy([rollBySize(100), [rollByAge(5000), () => false]]);
    expect(policy.isDue(SMALL, 2000)).to.equal(false);
    expect(policy.isDue(LARGE, 2000)).to.equal(true);
    expect(dueAtOf(policy, SMALL)).to.equal(6000);
  });

  it('calls the methods of a policy that is an instance of a class', () => {
    class EveryOther implements RollPolicy {
      readonly #remainder = 0;
      isDue(archive: ArchiveFacts): boolean {
        return archive.records % 2 === this.#remainder;
      }
    }
    const policy = toRollPolicy([new EveryOther()]);
    expect(policy.isDue({ ...SMALL, records: 2 }, 0)).to.equal(true);
    expect(policy.isDue({ ...SMALL, records: 3 }, 0)).to.equal(false);
  });

  it('refuses anything else, and shows it', () => {
    const cases: readonly (readonly [unknown, string])[] = [
      ['100 MiB', "roll is '100 MiB'"],
      [null, 'roll is null'],
      [undefined, 'roll is undefined'],
      [5, 'roll is 5'],
      [{ size: 5 }, 'roll is { size: 5 }'],
      [{ isDue: true }, 'roll is { isDue: true }'],
      [[() => true, '5m'], "roll is '5m'"],
      [{ isDue: () => true, dueAt: 5 }, 'dueAt: 5'],
    ];
    for (const [value, message] of cases) {
      // @ts-expect-error: callers without types give anything.
      expect(() => toRollPolicy(value), message).to.throw(TypeError, message);
    }
  });
});

function dueAtOf(policy: RollPolicy, archive: ArchiveFacts): number | null | undefined {
  return policy.dueAt?.(archive);
}

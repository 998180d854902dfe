import { inspect } from 'node:util';

/** What a roll policy is told of the open archive. Times are ms since the epoch. */
export interface ArchiveFacts {
  /** Bytes of the archive so far, with those of the block that is being filled. */
  readonly bytes: number;
  readonly records: number;
  readonly openedAt: number;
  readonly lastWriteAt: number;
  /** The earliest of the records' own times, null where none has one. */
  readonly firstTime: number | null;
  /** The latest of the records' own times, null where none has one. */
  readonly lastTime: number | null;
}

/**
 * Says when an archive is finished. A policy is stateless: what it answers follows from its
 * arguments alone, so that one policy serves many writers.
 */
export interface RollPolicy {
  /** Whether to roll now. Asked after each record, and when `dueAt` has come. */
  isDue(archive: ArchiveFacts, now: number): boolean;

  /**
   * When the archive becomes due though nobody writes to it any more, in ms since the epoch; null
   * when that does not come of time. A policy without it is asked after records only.
   */
  dueAt?(archive: ArchiveFacts): number | null;
}

/** A policy, a function that is its `isDue`, or a list of which any one suffices. */
export type RollOption = RollPolicy | RollPolicy['isDue'] | readonly RollOption[];

/**
 * Makes one policy of an option. An empty list never rolls.
 *
 * @throws TypeError when it is neither a policy, a function nor a list of these
 */
export function toRollPolicy(value: RollOption): RollPolicy {
  if (typeof value === 'function') return { isDue: value };
  if (isList(value)) return rollWhenAny(...value);
  if (isPolicy(value)) return value;
  throw new TypeError(
    `roll is ${inspect(value, { depth: 1 })}, expected a policy, a function or a list of these`,
  );
}

/** Rolls as soon as one of the policies says so. */
export function rollWhenAny(...options: readonly RollOption[]): RollPolicy {
  const policies = options.map(toRollPolicy);
  return {
    isDue: (archive, now) => policies.some((policy) => policy.isDue(archive, now)),
    dueAt(archive) {
      const times = policies.map((policy) => dueAtOf(policy, archive)).filter(isTime);
      return times.length === 0 ? null : Math.min(...times);
    },
  };
}

/**
 * Rolls once every one of the policies says so.
 *
 * @throws RangeError without a policy: that would always be due
 */
export function rollWhenAll(...options: readonly RollOption[]): RollPolicy {
  if (options.length === 0) throw new RangeError('rollWhenAll has 0 policies, expected 1 or more');
  const policies = options.map(toRollPolicy);
  return {
    isDue: (archive, now) => policies.every((policy) => policy.isDue(archive, now)),
    dueAt(archive) {
      // What is due already, such as a size that is reached, does not hold the others back.
      const times = policies.map((policy) =>
        policy.isDue(archive, archive.lastWriteAt) ? archive.lastWriteAt : dueAtOf(policy, archive),
      );
      return times.every(isTime) ? Math.max(...times) : null;
    },
  };
}

function dueAtOf(policy: RollPolicy, archive: ArchiveFacts): number | null {
  return policy.dueAt?.(archive) ?? null;
}

function isTime(time: number | null): time is number {
  return time !== null;
}

function isList(value: RollOption): value is readonly RollOption[] {
  return Array.isArray(value);
}

function isPolicy(value: RollPolicy | readonly RollOption[]): value is RollPolicy {
  return (
    typeof value === 'object' &&
    value !== null &&
    'isDue' in value &&
    typeof value.isDue === 'function' &&
    (value.dueAt === undefined || typeof value.dueAt === 'function')
  );
}

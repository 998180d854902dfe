import { show } from '../../errors/show.js';
/** The facts of the open archive that a roll policy decides by. Times are ms since the epoch. */
export interface ArchiveFacts {
  /** Bytes of the archive so far, including the block that is being filled. */
  readonly bytes: number;
  readonly records: number;
  readonly openedAt: number;
  readonly lastWriteAt: number;
  /** The earliest of the records' times; null without records. */
  readonly firstTime: number | null;
  /** The latest of the records' times; null without records. */
  readonly lastTime: number | null;
}

/**
 * Decides when an archive is complete. A policy is stateless: it answers from its arguments alone,
 * so that one policy can serve many writers.
 */
export interface RollPolicy {
  /** Whether to roll now. Called after each record, and at the time `dueAt`. */
  isDue(archive: ArchiveFacts, now: number): boolean;

  /**
   * When the archive becomes due if no more records come, in ms since the epoch; null if time alone
   * never makes it due. A policy without this method is asked after records only.
   */
  dueAt?(archive: ArchiveFacts): number | null;
}

/** A policy, a function that is its `isDue`, or a list, of which one that is due is enough. */
export type RollOption = RollPolicy | RollPolicy['isDue'] | readonly RollOption[];

/**
 * Makes one policy of an option. An empty list never rolls.
 *
 * @throws TypeError for anything that is not a policy, a function or a list of these
 */
export function toRollPolicy(value: RollOption): RollPolicy {
  if (typeof value === 'function') return { isDue: value };
  if (isList(value)) return rollWhenAny(...value);
  if (isPolicy(value)) return value;
  throw new TypeError(`roll is ${show(value)}, expected a policy, a function or a list of these`);
}

/** Rolls as soon as one of the policies is due. */
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
 * Rolls as soon as all of the policies are due at the same time.
 *
 * @throws RangeError without a policy, since that would always be due
 */
export function rollWhenAll(...options: readonly RollOption[]): RollPolicy {
  if (options.length === 0) throw new RangeError('rollWhenAll has 0 policies, expected 1 or more');
  const policies = options.map(toRollPolicy);
  return {
    isDue: (archive, now) => policies.every((policy) => policy.isDue(archive, now)),
    dueAt(archive) {
      // A policy that is due already, such as a size that is reached, must not delay the others.
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

import {
  type ByteCount,
  type Duration,
  parseByteCount,
  parseDurationMs,
} from '../../format/quantity.js';
import type { ArchiveFacts, RollPolicy } from './roll-policy.js';

// Ages are differences from a time that is read anew when the next archive opens. So a clock that
// jumps back delays a roll, and one that jumps forward brings a single one.

/** Rolls only when told to. */
export function rollNever(): RollPolicy {
  return { isDue: () => false, dueAt: () => null };
}

/** Rolls after the record with which the archive reaches a size. */
export function rollBySize(bytes: ByteCount): RollPolicy {
  const limit = parseByteCount(bytes, 'rollBySize');
  if (limit === 0) throw new RangeError(`rollBySize is ${bytes}, expected 1 byte or more`);
  return { isDue: (archive) => archive.bytes >= limit };
}

/**
 * Rolls after the record with which the archive has `count` records.
 *
 * @throws RangeError when it is not a whole number from 1
 */
export function rollByCount(count: number): RollPolicy {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(`rollByCount is ${count}, expected a whole number of records, 1 or more`);
  }
  return { isDue: (archive) => archive.records >= count };
}

/** Rolls when the archive has been open for a time, written to or not. */
export function rollByAge(age: Duration): RollPolicy {
  const ageMs = parsePeriodMs(age, 'rollByAge');
  return rollAt((archive) => archive.openedAt + ageMs);
}

/** Rolls when nothing has been written to the archive for a time. */
export function rollByIdle(idle: Duration): RollPolicy {
  const idleMs = parsePeriodMs(idle, 'rollByIdle');
  return rollAt((archive) => archive.lastWriteAt + idleMs);
}

export interface RollAtClockOptions {
  /**
   * How far the boundaries lie behind UTC's: with `every: '24h'` and `offset: '5h'` archives roll
   * at five o'clock UTC.
   *
   * @default 0
   */
  readonly offset?: Duration;
}

/** Rolls at round times of day: `'1h'` is every hour on the hour, counted from the epoch in UTC. */
export function rollAtClock(every: Duration, options: RollAtClockOptions = {}): RollPolicy {
  const everyMs = parsePeriodMs(every, 'rollAtClock');
  const offsetMs = parseDurationMs(options.offset ?? 0, 'rollAtClock offset');
  return rollAt(({ openedAt }) => {
    const boundary = Math.floor((openedAt - offsetMs) / everyMs) * everyMs + offsetMs;
    return boundary + everyMs;
  });
}

function rollAt(dueAt: (archive: ArchiveFacts) => number): RollPolicy {
  return { isDue: (archive, now) => now >= dueAt(archive), dueAt };
}

/** Below 1 ms every record would have an archive of its own: the clock counts in ms. */
function parsePeriodMs(value: Duration, name: string): number {
  const periodMs = parseDurationMs(value, name);
  if (periodMs < 1) throw new RangeError(`${name} is ${value}, expected 1 ms or more`);
  return periodMs;
}

import { quote } from '../../errors/show.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import {
  type ByteCount,
  type Duration,
  parseByteCount,
  parseDurationMs,
} from '../../format/quantity.js';
import type { ArchiveFacts, RollPolicy } from './roll-policy.js';

// An age counts from the time at which the archive opened. So a clock that jumps back delays a
// roll, and a clock that jumps forward causes one roll, not one for each archive.

/** Rolls only when the caller calls `roll`. */
export function rollNever(): RollPolicy {
  return { isDue: () => false, dueAt: () => null };
}

/**
 * Rolls after the record with which the archive reaches a size.
 *
 * @throws RangeError for a size below 1 byte, or not a size
 */
export function rollBySize(bytes: ByteCount): RollPolicy {
  const limit = parseByteCount(bytes, 'rollBySize');
  if (limit === 0) throw new RangeError(`rollBySize is ${quote(bytes)}, expected 1 byte or more`);
  return { isDue: (archive) => archive.bytes >= limit };
}

/**
 * Rolls after the record with which the archive has `count` records.
 *
 * @throws RangeError for a count that is not a whole number, or below 1
 */
export function rollByCount(count: number): RollPolicy {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(
      `rollByCount is ${quote(count)}, expected a whole number of records, 1 or more`,
    );
  }
  return { isDue: (archive) => archive.records >= count };
}

/** Rolls when the archive has been open for `age`, whether records come or not. */
export function rollByAge(age: Duration): RollPolicy {
  const ageMs = parsePeriodMs(age, 'rollByAge');
  return rollAt((archive) => archive.openedAt + ageMs);
}

/** Rolls when no record has come for `idle`. */
export function rollByIdle(idle: Duration): RollPolicy {
  const idleMs = parsePeriodMs(idle, 'rollByIdle');
  return rollAt((archive) => archive.lastWriteAt + idleMs);
}

export interface RollAtClockOptions {
  /**
   * How much later than UTC's the boundaries are: with `every: '24h'` and `offset: '5h'` archives
   * roll at five o'clock UTC.
   *
   * @default 0
   */
  readonly offset?: Duration;
}

const CLOCK_OPTION_NAMES: OptionNames<RollAtClockOptions> = { offset: true };

/** Rolls at multiples of `every` since the epoch, in UTC: `'1h'` rolls every hour on the hour. */
export function rollAtClock(every: Duration, given?: RollAtClockOptions): RollPolicy {
  const { offset = 0 } = readOptions(given, CLOCK_OPTION_NAMES);
  const everyMs = parsePeriodMs(every, 'rollAtClock');
  const offsetMs = parseDurationMs(offset, 'rollAtClock offset');
  return rollAt(({ openedAt }) => {
    const boundary = Math.floor((openedAt - offsetMs) / everyMs) * everyMs + offsetMs;
    return boundary + everyMs;
  });
}

function rollAt(dueAt: (archive: ArchiveFacts) => number): RollPolicy {
  return { isDue: (archive, now) => now >= dueAt(archive), dueAt };
}

/**
 * At least 1 ms, since the clock counts ms: a shorter period would give every record its own
 * archive.
 */
function parsePeriodMs(value: Duration, name: string): number {
  const periodMs = parseDurationMs(value, name);
  if (periodMs < 1) throw new RangeError(`${name} is ${quote(value)}, expected 1 ms or more`);
  return periodMs;
}

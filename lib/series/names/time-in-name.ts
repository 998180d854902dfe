/** The period that a time in a name denotes, as if it were UTC: µs since the epoch. */
export interface NamedPeriod {
  readonly startMicros: number;
  /** The first µs after it. */
  readonly endMicros: number;
}

/** A time in a name, and where it is written. */
export interface TimeInName {
  readonly period: NamedPeriod;
  readonly text: string;
  readonly index: number;
}

/** `2026-11-30T10-05-09.123456Z` and shorter: date, hour, minute, second, fraction. */
const WITH_SEPARATORS =
  /(?<!\d)(\d{4})-(\d\d)-(\d\d)(?:[T_ -](\d\d)(?:[-_:.](\d\d)(?:[-_:.](\d\d)(?:\.(\d{1,6}))?)?)?)?(?!\d)/;

/**
 * `20261130T100509.123456Z` and shorter, also with `_`, `-` or nothing in place of the T. Not within
 * hexadecimal digits: writer ids and digests hold runs of digits that look like times.
 */
const COMPACT =
  /(?<![\da-f])(\d{4})(\d\d)(\d\d)(?:[T_-]?(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?)?)?(?![\da-f])/i;

/**
 * `1732450205.123456`: seconds since the epoch from 2001 to 2286, as in `[[TIMESTAMP]]`, `%s`; not
 * within hexadecimal digits, as above.
 */
const SECONDS = /(?<![\da-f])([1-9]\d{9})(?:\.(\d{6}))?(?![\da-f])/i;

const SECOND_MICROS = 1e6;

/**
 * The first time in a name, as the templates of archives and keys write it. A name does not say
 * whether it is UTC, nor, for a name that others chose, whether it is a time at all.
 */
export function findTimeInName(name: string): TimeInName | undefined {
  const date = WITH_SEPARATORS.exec(name) ?? COMPACT.exec(name);
  const period = date === null ? undefined : periodOf(date);
  if (date !== null && period !== undefined) return { period, text: date[0], index: date.index };
  const seconds = SECONDS.exec(name);
  if (seconds === null) return undefined;
  return { period: periodOfSeconds(seconds), text: seconds[0], index: seconds.index };
}

function periodOf(found: RegExpExecArray): NamedPeriod | undefined {
  const [, year, month, day, hour, minute, second, fraction] = found;
  const ms = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour ?? 0),
    Number(minute ?? 0),
    Number(second ?? 0),
  );
  const date = new Date(ms);
  // Date.UTC takes month 13 for January of the next year.
  const isReal =
    date.getUTCMonth() === Number(month) - 1 &&
    date.getUTCDate() === Number(day) &&
    date.getUTCHours() === Number(hour ?? 0) &&
    date.getUTCMinutes() === Number(minute ?? 0);
  if (!isReal) return undefined;
  return withFraction(ms * 1000, unitOf(hour, minute, second), fraction);
}

/** The length of the period that the last part of a time denotes, in µs. */
function unitOf(hour?: string, minute?: string, second?: string): number {
  if (second !== undefined) return SECOND_MICROS;
  if (minute !== undefined) return 60 * SECOND_MICROS;
  return hour !== undefined ? 3600 * SECOND_MICROS : 86_400 * SECOND_MICROS;
}

function periodOfSeconds([, seconds, fraction]: RegExpExecArray): NamedPeriod {
  return withFraction(Number(seconds) * SECOND_MICROS, SECOND_MICROS, fraction);
}

function withFraction(micros: number, unit: number, fraction: string | undefined): NamedPeriod {
  if (fraction === undefined) return { startMicros: micros, endMicros: micros + unit };
  const startMicros = micros + Number(fraction.padEnd(6, '0'));
  return { startMicros, endMicros: startMicros + 10 ** (6 - fraction.length) };
}

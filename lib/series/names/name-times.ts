/** The times of an archive's earliest and latest record, as its name states them. */
export interface NameTimes {
  /** µs since the epoch. */
  readonly earliestMicros: number;
  readonly latestMicros: number;
}

/** Times as the tokens `[[FIRST_TIME]]` and `[[LAST_TIME]]` write them. */
const TIMES = /(\d{4})-(\d\d)-(\d\d)T(\d\d)-(\d\d)-(\d\d)\.(\d{6})Z/g;

/** Keys have these times in whole milliseconds. Names have them exactly. */
const PRECISION_MICROS = 999;

/**
 * The times that the name or key of an archive states with `[[FIRST_TIME]]` and `[[LAST_TIME]]`.
 * Only these write times of this form: a template whose directives would do so is refused. So two
 * different times are those of the earliest and the latest record. A single one may be either, and
 * says nothing; nor does any other time in a name: it is that of the clock when the archive began,
 * and the records may have other times.
 *
 * @param name without its folders, which may have any names
 * @returns undefined unless the name states both times
 */
export function readNameTimes(name: string): NameTimes | undefined {
  let [earliest, latest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const match of name.matchAll(TIMES)) {
    const micros = microsOf(match);
    if (micros === undefined) return undefined;
    earliest = Math.min(earliest, micros);
    latest = Math.max(latest, micros);
  }
  // The same time twice may differ by its precision.
  if (!(latest - earliest > PRECISION_MICROS)) return undefined;
  // Rounding goes towards 1970.
  return {
    earliestMicros: earliest < 0 ? earliest - PRECISION_MICROS : earliest,
    latestMicros: latest % 1000 === 0 ? latest + PRECISION_MICROS : latest,
  };
}

/** Whether text has a time of the form that only the tokens may write. */
export function hasTokenTime(text: string): boolean {
  return text.search(TIMES) !== -1;
}

/** Undefined if there is no such day or hour. */
function microsOf(match: RegExpExecArray): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micro = 0] = match
    .slice(1)
    .map(Number);
  const ms = Date.UTC(year, month - 1, day, hour, minute, second);
  const [, ...digits] = match;
  const isReal = new Date(ms)
    .toISOString()
    .replace(/\D/g, '')
    .startsWith(digits.slice(0, 6).join(''));
  return isReal ? ms * 1000 + micro : undefined;
}

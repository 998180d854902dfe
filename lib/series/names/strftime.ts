import { timeFormatLocale } from 'd3-time-format';

export interface StrftimeOptions {
  /**
   * Whether to format the time in UTC instead of in the process's time zone.
   *
   * @default true
   */
  readonly utc?: boolean;
}

const C_LOCALE = timeFormatLocale({
  dateTime: '%a %b %e %H:%M:%S %Y',
  date: '%m/%d/%y',
  time: '%H:%M:%S',
  periods: ['AM', 'PM'],
  days: ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'],
  shortDays: ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'],
  months: [
    'January',
    'February',
    'March',
    'April',
    'May',
    'June',
    'July',
    'August',
    'September',
    'October',
    'November',
    'December',
  ],
  shortMonths: ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
});

/** Directives with the same meaning in d3-time-format and in Python. */
const COMMON_DIRECTIVES = new Set('aAbBcdegGHIjmMpsSuUVwWxXyY%');

/**
 * Directives that d3-time-format lacks, or gives another meaning, in terms of those that it has.
 */
const EQUIVALENTS: ReadonlyMap<string, string> = new Map([
  ['D', '%m/%d/%y'],
  ['F', '%Y-%m-%d'],
  ['h', '%b'],
  ['k', '%_H'],
  ['l', '%_I'],
  ['n', '\n'],
  ['r', '%I:%M:%S %p'],
  ['R', '%H:%M'],
  ['t', '\t'],
  ['T', '%H:%M:%S'],
  ['z', '%Z'],
]);

/** A `%` with the character after it, or a `%` at the end. */
const DIRECTIVES = /%(.?)/gsu;

/**
 * Formats a time as `strftime` of Python's `datetime` does in the C locale, with all of its
 * directives and those that it passes on to glibc. `%Z` is `UTC`, or the name of the time zone by
 * `Intl`.
 *
 * @param timeMicros µs since the epoch
 * @throws RangeError for a directive that Python does not have, a `%` at the end, or a time that is
 *   not a safe integer
 * @see https://docs.python.org/3/library/datetime.html#strftime-and-strptime-format-codes
 */
export function strftime(
  template: string,
  timeMicros: number,
  options: StrftimeOptions = {},
): string {
  if (!Number.isSafeInteger(timeMicros)) {
    throw new RangeError(`time is ${timeMicros}, expected whole microseconds since the epoch`);
  }
  const utc = options.utc ?? true;
  const date = new Date(Math.floor(timeMicros / 1000));
  const specifier = template.replace(DIRECTIVES, (_, directive: string) => {
    return expandDirective(directive, date, timeMicros, utc);
  });
  return (utc ? C_LOCALE.utcFormat(specifier) : C_LOCALE.format(specifier))(date);
}

/** Translates one directive into text with the same meaning for d3-time-format. */
function expandDirective(directive: string, date: Date, timeMicros: number, utc: boolean): string {
  if (COMMON_DIRECTIVES.has(directive)) return `%${directive}`;
  const equivalent = EQUIVALENTS.get(directive);
  if (equivalent !== undefined) return equivalent;
  switch (directive) {
    case 'C':
      return padded(Math.floor((utc ? date.getUTCFullYear() : date.getFullYear()) / 100), 2);
    case 'f':
      return padded(timeMicros - Math.floor(timeMicros / 1e6) * 1e6, 6);
    case 'P':
      return (utc ? date.getUTCHours() : date.getHours()) < 12 ? 'am' : 'pm';
    case 'Z':
      return utc ? 'UTC' : zoneName(date).replaceAll('%', '%%');
    case '':
      throw new RangeError('% at the end has no directive, expected %% for a % sign');
    default:
      throw new RangeError(`%${directive} is not a strftime directive`);
  }
}

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

function zoneName(date: Date): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' }).formatToParts(date);
  return parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
}

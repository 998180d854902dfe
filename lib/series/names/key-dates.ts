import { TemplateError } from '../../errors/template-error.js';
import { checkText } from '../../format/option-values.js';
import { Template } from './template.js';
import { KEY_TOKENS } from './token-text.js';

/** The units of a date, from the largest, and the directives that write them. */
const UNITS = 'YmdHMS';

/** What each directive of a date matches, and the units in it. */
const DIRECTIVES: ReadonlyMap<string, readonly [pattern: string, units: string]> = new Map([
  ['%Y', ['(\\d{4})', 'Y']],
  ['%m', ['(\\d\\d)', 'm']],
  ['%d', ['(\\d\\d)', 'd']],
  ['%H', ['(\\d\\d)', 'H']],
  ['%M', ['(\\d\\d)', 'M']],
  ['%S', ['(\\d\\d)', 'S']],
  ['%F', ['(\\d{4})-(\\d\\d)-(\\d\\d)', 'Ymd']],
  ['%T', ['(\\d\\d)_(\\d\\d)_(\\d\\d)', 'HMS']],
  ['%R', ['(\\d\\d)_(\\d\\d)', 'HM']],
  ['%%', ['%', '']],
]);

/** A folder whose name is a date, or a part of one. */
interface DatedSegment {
  /** Its number, counted from the last segment of a key. */
  readonly fromEnd: number;
  readonly pattern: RegExp;
  readonly units: string;
}

/**
 * The dates in the keys of objects that were shipped with a template. They are those of an
 * archive's earliest record, in UTC. So no record is earlier than the date, but records may be of
 * any later one.
 */
export class KeyDates {
  readonly #segments: readonly DatedSegment[];

  /**
   * @param template the `key` with which archives were shipped. Only folders that hold nothing but
   *   a date and literal text are looked at.
   * @throws TemplateError for a template with an unknown token, or without a year in a folder
   */
  constructor(template: string) {
    checkText('keyTemplate', template);
    const { text } = new Template(template, KEY_TOKENS, { slashes: 'keep' });
    this.#segments = text
      .split('/')
      .reverse()
      .flatMap((segment, fromEnd) => segmentOf(segment, fromEnd) ?? []);
    if (this.#segments.some(({ units }) => units.includes('Y'))) return;
    throw new TemplateError(template, 'has no folder with a year, so that it excludes nothing');
  }

  /**
   * A time before which the archive has no record, in µs since the epoch.
   *
   * @param path of the archive; its last segments are those of the template
   * @returns undefined if the path has no such date
   */
  earliestMicros(path: string): number | undefined {
    const segments = path.split('/').reverse();
    const values = new Map<string, number>();
    for (const { fromEnd, pattern, units } of this.#segments) {
      const match = pattern.exec(segments[fromEnd] ?? '');
      // Another template has made it.
      if (match === null) return undefined;
      for (const [i, unit] of [...units].entries()) values.set(unit, Number(match[i + 1]));
    }
    return microsOf(values);
  }
}

function segmentOf(segment: string, fromEnd: number): DatedSegment | null {
  if (segment.includes('[[') || !segment.includes('%')) return null;
  let pattern = '';
  let units = '';
  for (const [piece] of segment.matchAll(/%.|[^%]+/gsu)) {
    const directive = DIRECTIVES.get(piece);
    // Any other directive may write anything.
    if (directive === undefined && piece.startsWith('%')) return null;
    pattern += directive?.[0] ?? escapeRegExp(piece.replace(/[ :]/g, '_'));
    units += directive?.[1] ?? '';
  }
  return units === '' ? null : { fromEnd, pattern: new RegExp(`^${pattern}$`), units };
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** The start of the period that the units name, as far as none is missing. */
function microsOf(values: ReadonlyMap<string, number>): number | undefined {
  const missing = [...UNITS].findIndex((unit) => !values.has(unit));
  const count = missing === -1 ? UNITS.length : missing;
  if (count === 0) return undefined;
  const known = [...UNITS].slice(0, count).map((unit) => values.get(unit) ?? 0);
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = known;
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // There is no February 30. `Date.UTC` takes the years before 100 for others.
  const isReal =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute;
  // Keys have times in whole milliseconds, rounded towards 1970.
  return isReal ? (date.getTime() - (date.getTime() < 0 ? 1 : 0)) * 1000 : undefined;
}

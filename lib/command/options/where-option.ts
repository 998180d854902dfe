import type { RecordFilter } from '../../index.js';
import { UsageError } from './usage-error.js';

/** One `--where`: a key of the metadata, and its value or an expression that the value matches. */
export interface WhereOption {
  readonly key: string;
  readonly value: string | RegExp;
}

/** Flags that an expression may have. `g` and `y` make no sense for one value. */
const FLAGS = /^[dimsuv]*$/;

/**
 * `KEY=VALUE`, or `KEY=/regexp/flags`. The key ends at the first `=`. A path such as `/api/users`,
 * which has no flags after its last slash, is a value.
 */
export function parseWhere(text: string): WhereOption {
  const end = text.indexOf('=');
  if (end < 1) throw new RangeError('expected KEY=VALUE or KEY=/regexp/');
  const key = text.slice(0, end);
  const value = text.slice(end + 1);
  const [, source, flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(value) ?? [];
  if (source === undefined || !FLAGS.test(flags)) return { key, value };
  return { key, value: new RegExp(source, flags) };
}

/**
 * The reader's `where`: the keys are joined by *and*, the values of one key by *or*.
 *
 * @throws UsageError for a regular expression beside another value of its key
 */
export function whereOf(options: readonly WhereOption[]): RecordFilter | undefined {
  if (options.length === 0) return undefined;
  const where: Record<string, string[] | RegExp> = Object.create(null);
  for (const { key, value } of options) {
    const before = where[key];
    if (before === undefined) {
      where[key] = typeof value === 'string' ? [value] : value;
    } else if (typeof value === 'string' && Array.isArray(before)) {
      before.push(value);
    } else {
      throw new UsageError(`--where has ${key} twice, expected one regular expression, or values`);
    }
  }
  return where;
}

import type { RecordFilter } from '../../index.js';

/** What one `--where` selects: a key of the metadata, and its value or what the value matches. */
export interface WhereOption {
  readonly key: string;
  readonly value: string | RegExp;
}

/** `KEY=VALUE`, or `KEY=/regexp/flags`. The key ends at the first `=`. */
export function parseWhere(text: string): WhereOption {
  const end = text.indexOf('=');
  if (end < 1) throw new RangeError('expected KEY=VALUE or KEY=/regexp/');
  const key = text.slice(0, end);
  const value = text.slice(end + 1);
  const [, source, flags = ''] = /^\/(.*)\/([a-z]*)$/s.exec(value) ?? [];
  if (source === undefined) return { key, value };
  // `g` and `y` would make a match depend on the one before.
  return { key, value: new RegExp(source, flags.replace(/[gy]/g, '')) };
}

/** The reader's `where`: the keys are joined by *and*, the values of one key by *or*. */
export function whereOf(options: readonly WhereOption[]): RecordFilter | undefined {
  if (options.length === 0) return undefined;
  const wanted = new Map<string, (string | RegExp)[]>();
  for (const { key, value } of options) wanted.set(key, [...(wanted.get(key) ?? []), value]);
  const exact = [...wanted].flatMap(([key, [first, ...more]]) =>
    typeof first === 'string' && more.length === 0 ? [[key, first] as const] : [],
  );
  // The reader skips records without creating them if each key has one value.
  if (exact.length === wanted.size) return Object.fromEntries(exact);
  return ({ metadata }) =>
    [...wanted].every(([key, values]) => {
      const value = metadata[key];
      return value !== undefined && values.some((each) => matches(each, value));
    });
}

function matches(wanted: string | RegExp, value: string): boolean {
  return typeof wanted === 'string' ? wanted === value : wanted.test(value);
}

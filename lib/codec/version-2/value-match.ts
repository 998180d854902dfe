import { types } from 'node:util';

/** The values that a key may have: exactly one, one of a list, or those that a RegExp matches. */
export type WantedValues = string | readonly string[] | RegExp;

/** With more values than this, a lookup is faster than comparing each. */
const MOST_COMPARED = 4;

/** Decides whether a value is wanted, by its bytes. */
export class ValueMatch {
  /** The wanted values; undefined for a RegExp. */
  readonly values: readonly Buffer[] | undefined;
  readonly #regExp: RegExp | undefined;
  /** By their bytes as Latin-1. */
  readonly #lookup: ReadonlySet<string> | undefined;
  readonly #longest: number;

  /**
   * @param wanted a list is copied. The flags `g` and `y` of a RegExp are ignored: with them, the
   *   result would depend on the values before
   */
  constructor(wanted: WantedValues) {
    if (isRegExp(wanted)) {
      this.#regExp = new RegExp(wanted.source, wanted.flags.replace(/[gy]/g, ''));
      this.#longest = 0;
      return;
    }
    const values = typeof wanted === 'string' ? [wanted] : wanted;
    this.values = values.map((value) => Buffer.from(value));
    this.#longest = this.values.reduce((most, { length }) => Math.max(most, length), 0);
    if (values.length <= MOST_COMPARED) return;
    this.#lookup = new Set(this.values.map((value) => value.toString('latin1')));
  }

  /** Whether the value from `start` to `end` is wanted. A RegExp sees it as text. */
  matches(bytes: Buffer, start: number, end: number): boolean {
    const { values } = this;
    if (values === undefined)
      return this.#regExp?.test(bytes.toString('utf8', start, end)) === true;
    if (end - start > this.#longest) return false;
    if (this.#lookup !== undefined) return this.#lookup.has(bytes.toString('latin1', start, end));
    // A loop without a function, because this runs once per record.
    for (const value of values) if (isEqual(value, bytes, start, end)) return true;
    return false;
  }
}

/** Of any realm, unlike `instanceof`. */
function isRegExp(wanted: WantedValues): wanted is RegExp {
  return types.isRegExp(wanted);
}

/**
 * Compares from the end, where unequal values usually differ. For 15 equal bytes `Buffer.compare`
 * takes three times as long.
 */
function isEqual(value: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (value.length !== end - start) return false;
  for (let i = value.length - 1; i >= 0; i--) if (value[i] !== bytes[start + i]) return false;
  return true;
}

import { quote, show } from '../errors/show.js';
/**
 * The names of the options `Options`. An option that holds options of its own has their names. One
 * that means the same everywhere has the check of its value; every other one is true, and checked
 * by its user. An option that is missing here does not compile.
 */
export type OptionNames<Options> = Readonly<Record<keyof Options, NamedOption>>;

type NamedOption = true | OptionCheck | NestedNames;

/**
 * Throws a TypeError or RangeError for a wrong value, with the option's name in front. It is not
 * asked about undefined.
 */
export type OptionCheck = (name: string, value: unknown) => void;

interface NestedNames {
  readonly [name: string]: NamedOption;
}

/**
 * Copies the options that a caller gave, and refuses those that do not exist: they are misspelt, or
 * meant for something else, and would be ignored silently. Everything that takes options calls
 * this.
 *
 * - An option that is `undefined` counts as not given, also one that does not exist.
 * - Own and inherited properties count, and getters too, so that an instance of a class or
 *   `Object.create(defaults)` does what `options.name` suggests. Each is read once.
 * - Symbols, and what `Object.prototype` has, are no options.
 * - A subclass with options of its own takes them out before it calls `super`.
 *
 * @param options undefined means none
 * @param path what to call the options in messages, if they are options of an option
 * @throws TypeError for an unknown option, with the known one that it resembles or that exists at
 *   another level; and for what is not an object
 */
export function readOptions<Options extends object>(
  options: Options | undefined,
  names: OptionNames<Options>,
  path = '',
): Options {
  // A copy has the types of its source: `readLevel` changes no value but a nested copy.
  return readLevel(
    options === undefined ? {} : options,
    names,
    path,
    listPaths(names, path),
  ) as Options;
}

function readLevel(
  options: unknown,
  names: NestedNames,
  path: string,
  known: () => readonly string[],
): object {
  if (typeof options !== 'object' || options === null || NO_OPTIONS.has(tagOf(options))) {
    const shown = show(options);
    throw new TypeError(`${path || 'options'} is ${shown}, expected an object of options`);
  }
  for (const name in options) {
    if (Object.hasOwn(names, name) || Object.hasOwn(Object.prototype, name)) continue;
    if (Reflect.get(options, name) !== undefined) throw unknownOption(join(path, name), known());
  }
  const values: [string, unknown][] = [];
  for (const [name, nested] of Object.entries(names)) {
    const value: unknown = Reflect.get(options, name);
    if (value === undefined) continue;
    const own = join(path, name);
    if (typeof nested === 'function') nested(own, value);
    values.push([name, typeof nested === 'object' ? readLevel(value, nested, own, known) : value]);
  }
  return Object.fromEntries(values);
}

/** Built-in objects whose contents are no properties: they would count as no options at all. */
const NO_OPTIONS: ReadonlySet<string> = new Set(
  'Array Map Set Date Promise RegExp Error URL URLSearchParams String Number Boolean'.split(' '),
);

/** The kind of an object, of any realm. */
function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** The paths of all options. They are only needed for a message. */
function listPaths(names: NestedNames, path: string): () => readonly string[] {
  return () =>
    Object.entries(names).flatMap(([name, nested]) => {
      const own = join(path, name);
      return typeof nested === 'object' ? [own, ...listPaths(nested, own)()] : [own];
    });
}

function unknownOption(path: string, known: readonly string[]): TypeError {
  const near = nearest(path, known);
  const shown = quote(path);
  if (near !== undefined) return new TypeError(`unknown option ${shown}: did you mean "${near}"?`);
  const level = levelOf(path);
  const siblings = known.filter((other) => levelOf(other) === level);
  return new TypeError(`unknown option ${shown}, expected one of ${siblings.join(', ')}`);
}

/** The name that was probably meant, or undefined. */
export function nearestName(given: string, names: readonly string[]): string | undefined {
  return nearest(given, names);
}

/** The option that was probably meant: the same word at another level, or a word like it. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const word = lastWord(given);
  // A long name is no slip of any option, and comparing it would take long.
  if (word.length > LONGEST_WORD || word === '') return undefined;
  const level = levelOf(given);
  let best: { readonly text: string; readonly cost: number } | undefined;
  for (const text of known) {
    const other = lastWord(text);
    const slips = countSlips(word.toLowerCase(), other.toLowerCase());
    if (slips > Math.floor(Math.min(word.length, other.length) / 3)) continue;
    const cost = 2 * slips + (levelOf(text) === level ? 0 : 1);
    if (best === undefined || cost < best.cost) best = { text, cost };
  }
  return best?.text;
}

const LONGEST_WORD = 60;

function lastWord(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}

/** The path before the last word. */
function levelOf(path: string): string {
  return path.slice(0, path.lastIndexOf('.') + 1);
}

/**
 * How many characters were inserted, left out, replaced, or exchanged with their neighbour (the
 * optimal string alignment distance).
 */
function countSlips(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      let slips = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + (isSame ? 0 : 1),
      );
      const isExchanged = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (row > 1 && column > 1 && isExchanged) slips = Math.min(slips, at(before, column - 2) + 1);
      current.push(slips);
    }
    [before, last] = [last, current];
  }
  return at(last, b.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? 0;
}

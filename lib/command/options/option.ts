/**
 * An option of a command. It may be given on the command line, in the environment or in the
 * configuration file; each gives texts.
 */
export interface Option<Value> {
  /** As help shows it: `--since <time>`, `-n, --lines <count>`, or `--follow` for a flag. */
  readonly flags: string;
  readonly description: string;
  readonly kind: 'value' | 'list' | 'flag';
  /** The value that is used if the option is not given, as help shows it. */
  readonly usual?: string | undefined;
  /**
   * @param texts what was given, in order; empty if nothing was
   * @throws Error whose message says what is wrong with the value, without the option's name
   */
  readonly parse: (texts: readonly string[]) => Value;
}

/** The options of a command by the name of their property, such as `cursorFile`. */
export type OptionMap = Readonly<Record<string, Option<unknown>>>;

/** The parsed values of options. */
export type ValuesOf<Options extends OptionMap> = {
  readonly [Name in keyof Options]: Options[Name] extends Option<infer Value> ? Value : never;
};

/** An option with one value. If it is given twice, the last value counts. */
export function option<Value>(
  flags: string,
  description: string,
  parse: (text: string) => Value,
): Option<Value | undefined> {
  return { flags, description, kind: 'value', parse: (texts) => parseLast(texts, parse) };
}

/** An option with one value, which has a default. */
export function optionWithDefault<Value>(
  flags: string,
  description: string,
  usual: string,
  parse: (text: string) => Value,
): Option<Value> {
  return {
    ...{ flags, description, usual, kind: 'value' },
    parse: (texts) => parse(texts.at(-1) ?? usual),
  };
}

/** An option that may be given several times. */
export function listOption<Value>(
  flags: string,
  description: string,
  parse: (text: string) => Value,
): Option<readonly Value[]> {
  return {
    ...{ flags, description, kind: 'list' },
    parse: (texts) => texts.map((text) => parse(text)),
  };
}

/** An option without a value: `--follow`, or `--no-follow` where the configuration has set it. */
export function flag(flags: string, description: string): Option<boolean> {
  return {
    ...{ flags, description, kind: 'flag' },
    parse: (texts) => parseLast(texts, parseFlag) ?? false,
  };
}

/** A flag that is on unless it is switched off: `--no-follow`. */
export function flagOnByDefault(flags: `--no-${string}`, description: string): Option<boolean> {
  return {
    ...{ flags, description, kind: 'flag' },
    parse: (texts) => parseLast(texts, parseFlag) ?? true,
  };
}

/** Text as it is. */
export function asText(text: string): string {
  if (text === '') throw new RangeError('is empty');
  return text;
}

/** One of several words. */
export function oneOf<Word extends string>(...words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word === undefined) throw new RangeError(`expected ${words.join(', ')}`);
    return word;
  };
}

/** A whole number from `least` to `most`. */
export function wholeNumber(
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(number) && number >= least && number <= most) return number;
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
    throw new RangeError(`expected a whole number, ${range}`);
  };
}

/** The name of an option on the command line, without dashes: `cursor-file` for `cursorFile`. */
export function optionName(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The variable that sets an option: `SHOEBOX_CURSOR_FILE` for `cursorFile`. */
export function variableName(property: string): string {
  return `SHOEBOX_${optionName(property).replaceAll('-', '_').toUpperCase()}`;
}

function parseLast<Value>(
  texts: readonly string[],
  parse: (text: string) => Value,
): Value | undefined {
  const last = texts.at(-1);
  return last === undefined ? undefined : parse(last);
}

function parseFlag(text: string): boolean {
  if (['true', '1', 'yes'].includes(text)) return true;
  if (['false', '0', 'no'].includes(text)) return false;
  throw new RangeError('expected true or false');
}

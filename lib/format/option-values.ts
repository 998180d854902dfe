import { quote } from '../errors/show.js';
import type { OptionCheck } from './option-names.js';

/**
 * Returns one of a few words, the first by default.
 *
 * @param name the option's name, for the message
 * @throws TypeError for anything else
 */
export function parseChoice<Choice extends string>(
  name: string,
  value: Choice | undefined,
  choices: readonly [NoInfer<Choice>, ...NoInfer<Choice>[]],
): Choice {
  if (value === undefined) return choices[0];
  checkChoice(...choices)(name, value);
  return value;
}

/** A check for one of a few words. */
export function checkChoice(...choices: readonly string[]): OptionCheck {
  return (name, value) => {
    if (choices.some((choice) => choice === value)) return;
    const words = choices.map((choice) => `'${choice}'`);
    const last = words.pop();
    throw new TypeError(`${name} is ${quote(value)}, expected ${words.join(', ')} or ${last}`);
  };
}

/** @throws TypeError for anything but text */
export function checkText(name: string, value: unknown): void {
  if (typeof value === 'string') return;
  throw new TypeError(`${name} is ${quote(value)}, expected text`);
}

/** @throws TypeError for anything but text that may be the path of a file */
export function checkPath(name: string, value: unknown): void {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return;
  throw new TypeError(`${name} is ${quote(value)}, expected a path`);
}

/** @throws TypeError for anything but a function */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value === 'function') return;
  throw new TypeError(`${name} is ${quote(value)}, expected a function`);
}

/**
 * Text such as `'false'` comes from an environment variable, and would count as true.
 *
 * @throws TypeError for anything but true and false
 */
export function checkFlag(name: string, value: unknown): void {
  if (typeof value === 'boolean') return;
  throw new TypeError(`${name} is ${quote(value)}, expected true or false`);
}

/**
 * Node checks this too, but only after a stream has begun work that it would then have to end.
 *
 * @throws TypeError for anything but an AbortSignal
 */
export function checkSignal(name: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && 'aborted' in value) return;
  throw new TypeError(`${name} is ${quote(value)}, expected an AbortSignal`);
}

/** Checks an object that Shoebox calls: with a method missing it would fail much later. */
export function checkMethods(...methods: readonly string[]): OptionCheck {
  return (name, value) => {
    const isObject = typeof value === 'object' && value !== null;
    const missing = methods.find((method) => !isObject || !isFunction(Reflect.get(value, method)));
    if (missing === undefined) return;
    throw new TypeError(`${name} is ${quote(value)}, expected an object with ${missing}()`);
  };
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** @throws TypeError for anything but a `Clock` */
export const checkClock = checkMethods('now', 'setTimer');

/** @throws TypeError for anything but a `FileLayer` */
export const checkFiles = checkMethods('open', 'stat', 'readdir');

/** @throws TypeError for anything but a client of the AWS SDK */
export const checkClient = checkMethods('send');

/** @throws RangeError for anything but a whole number from `least` to `most` */
export function checkWholeNumber(name: string, value: unknown, least: number, most: number): void {
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) return;
  throw new RangeError(
    `${name} is ${quote(value)}, expected a whole number from ${least} to ${most}`,
  );
}

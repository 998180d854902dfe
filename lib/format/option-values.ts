import { inspect } from 'node:util';

/** How much of a text a message shows. */
const LONGEST_TEXT = 80;

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
  if (choices.includes(value)) return value;
  const words = choices.map((choice) => `'${choice}'`);
  const last = words.pop();
  throw new TypeError(`${name} is ${show(value)}, expected ${words.join(', ')} or ${last}`);
}

/**
 * Text such as `'false'` comes from an environment variable, and would count as true.
 *
 * @throws TypeError for anything but true, false and undefined
 */
export function parseFlag(name: string, value: boolean | undefined, byDefault: boolean): boolean {
  if (value === undefined) return byDefault;
  if (typeof value === 'boolean') return value;
  throw new TypeError(`${name} is ${show(value)}, expected true or false`);
}

/** @throws TypeError for anything but text and undefined */
export function checkText<Text extends string | undefined>(name: string, value: Text): Text {
  if (value === undefined || typeof value === 'string') return value;
  throw new TypeError(`${name} is ${show(value)}, expected text`);
}

/** A value in a message: on one line, and short. */
function show(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > LONGEST_TEXT ? `${value.slice(0, LONGEST_TEXT)}…` : value);
  }
  return inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY });
}

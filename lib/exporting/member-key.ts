import { quote } from '../errors/show.js';

/**
 * The key that an option names, where `true` stands for the usual one.
 *
 * @returns undefined without a key
 * @throws TypeError for anything but a key, true or false
 */
export function memberKeyOf(
  name: string,
  key: string | boolean | undefined,
  usual: string,
): string | undefined {
  if (key === undefined || key === false) return undefined;
  if (key === true) return usual;
  if (typeof key === 'string') return key;
  throw new TypeError(`${name} is ${quote(key)}, expected a key, true or false`);
}

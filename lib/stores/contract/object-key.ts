import { quote } from '../../errors/show.js';
import { checkText } from '../../format/option-values.js';

/** The limit of S3. */
const MAX_KEY_BYTES = 1024;

/**
 * Refuses keys that lead outside a store's directory or prefix, or that some store cannot hold.
 *
 * @throws RangeError that shows the key
 */
export function checkObjectKey(key: string): void {
  checkText('object key', key);
  const problem = objectKeyProblem(key);
  if (problem !== undefined) throw new RangeError(`object key ${quote(key)} ${problem}`);
}

/** The fault of a key, such as `is empty`; undefined for a valid key. */
export function objectKeyProblem(key: string): string | undefined {
  if (key === '') return 'is empty';
  if (key.startsWith('/')) return 'begins with a slash';
  if (!key.isWellFormed()) return 'holds half of a surrogate pair';
  if (/\p{Cc}/u.test(key)) return 'holds a control character';
  const bytes = Buffer.byteLength(key);
  if (bytes > MAX_KEY_BYTES) return `has ${bytes} bytes, at most ${MAX_KEY_BYTES} are allowed`;
  for (const segment of key.split('/')) {
    if (segment === '') return 'has an empty segment';
    if (segment === '.' || segment === '..') return `has the segment ${segment}`;
  }
  return undefined;
}

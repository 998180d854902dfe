import { createHash } from 'node:crypto';

/** The longest name that most file systems take is 255 bytes; names of archives follow in a directory of their own. */
const MOST_CHARACTERS = 200;

/**
 * The path of a series that is named by a source: characters other than letters of ASCII, digits and
 * `_.-` are escaped as `%2F`, and so is a dot at the begin. A name that gets too long ends in its
 * hash.
 */
export function seriesPath(name: string): string {
  const escaped = name.replace(/^\.|[^\w.-]/gu, (character) =>
    Array.from(
      Buffer.from(character),
      (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    ).join(''),
  );
  if (escaped !== '' && escaped.length <= MOST_CHARACTERS) return escaped;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${escaped.slice(0, MOST_CHARACTERS - hash.length - 1)}%${hash}`;
}

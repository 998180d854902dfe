import { quote } from '../../errors/show.js';

/** The names of the members that lead from a JSON object to a value in it. */
export type JsonPath = readonly string[];

/**
 * A member: a dot, and its name as it is or, with dots, quotes or brackets in it, as a JSON string.
 * A bare bracket would be an index in jq.
 */
const MEMBER = /\.(?:("(?:[^"\\]|\\.)*")|([^."[\]]+))/y;

/**
 * Parses a path such as `.user.id` or `."a.b".c`, as jq writes them. It leads through objects only.
 *
 * @param name what to call the path in messages
 * @throws TypeError for anything else
 */
export function parseJsonPath(text: unknown, name: string): JsonPath {
  const path = typeof text === 'string' ? membersOf(text) : undefined;
  if (path !== undefined) return path;
  throw new TypeError(`${name} is ${quote(text)}, expected a path such as '.user.id' or '."a.b"'`);
}

function membersOf(text: string): string[] | undefined {
  const path: string[] = [];
  MEMBER.lastIndex = 0;
  let end = 0;
  for (let match = MEMBER.exec(text); match !== null; match = MEMBER.exec(text)) {
    end = MEMBER.lastIndex;
    const [, quoted, bare] = match;
    const member = quoted === undefined ? bare : unquoted(quoted);
    // No name in UTF-8 is half of a surrogate pair.
    if (member === undefined || !member.isWellFormed()) return undefined;
    path.push(member);
  }
  return end === text.length && path.length > 0 ? path : undefined;
}

function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(text);
  } catch {
    // An escape that JSON does not have makes the whole path invalid.
    return undefined;
  }
}

/** The two pieces of a JSON line: the metadata object, and the payload without it. */
export interface SplitLine {
  readonly metadata: Buffer;
  readonly payload: Buffer;
}

const OPENING_BRACE = 0x7b;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CLOSING_BRACE = 0x7d;
const COMMA = 0x2c;
/** The white space of JSON, without the line feed, which ends a line. */
const WHITE_SPACE: ReadonlySet<number | undefined> = new Set(Buffer.from(' \t\r'));

/**
 * Separates the metadata from the payload of a line: they are its first member, under `key`, an
 * object of strings. The payload is byte for byte the one that was written.
 *
 * @returns null if the line has no such first member; then the whole line is payload
 */
export function splitMetadataMember(line: Buffer, key: string): SplitLine | null {
  const open = skipWhiteSpace(line, 0) + 1;
  const name = Buffer.from(`${JSON.stringify(key)}:`);
  const start = open + name.length;
  if (line[open - 1] !== OPENING_BRACE || !line.subarray(open, start).equals(name)) return null;
  const end = endOfObject(line, start);
  const metadata = line.subarray(start, end);
  if (end === -1 || !isObjectOfStrings(metadata.toString('utf8'))) return null;
  const after = skipWhiteSpace(line, end);
  if (line[after] !== COMMA && line[after] !== CLOSING_BRACE) return null;
  const rest = line[after] === COMMA ? after + 1 : end;
  return { metadata, payload: Buffer.concat([line.subarray(0, open), line.subarray(rest)]) };
}

function skipWhiteSpace(line: Buffer, start: number): number {
  let at = start;
  while (WHITE_SPACE.has(line[at])) at++;
  return at;
}

/** Where the object of strings at `start` ends, or -1. Braces inside strings do not count. */
function endOfObject(line: Buffer, start: number): number {
  let isInString = false;
  for (let at = start; at < line.length; at++) {
    const byte = line[at];
    if (isInString && byte === BACKSLASH) at++;
    else if (byte === QUOTE) isInString = !isInString;
    else if (byte === CLOSING_BRACE && !isInString) return at + 1;
  }
  return -1;
}

function isObjectOfStrings(json: string): boolean {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every((member) => typeof member === 'string');
}

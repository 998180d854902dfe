import type { Metadata, MetadataLayout, RawPair } from '../records/archive-record.js';
import {
  BACKSLASH,
  CLOSING_BRACE,
  COLON,
  COMMA,
  endOfString,
  OPENING_BRACE,
  skipWhiteSpace,
} from './json-syntax.js';

/** Metadata as a JSON object of strings, or as no bytes. They were checked when the line was read. */
export const jsonMetadataLayout: MetadataLayout = {
  decode(bytes, start, end) {
    const metadata: Record<string, string> = Object.create(null);
    for (const [key, value] of readJsonPairs(bytes, start, end)) metadata[key] = value;
    return Object.freeze(metadata) satisfies Metadata;
  },
  pairs: (bytes, start, end) =>
    readJsonPairs(bytes, start, end).map(
      ([key, value]): RawPair => [Buffer.from(key), Buffer.from(value)],
    ),
};

/** The two pieces of a JSON line: the metadata object, and the payload without it. */
export interface SplitLine {
  readonly metadata: Buffer;
  readonly payload: Buffer;
}

/** Where the text of a key and of its value are, quotes included. */
interface PairSpan {
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

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
  const end = walkPairs(line, start);
  if (end === -1) return null;
  const metadata = line.subarray(start, end);
  const after = skipWhiteSpace(line, end);
  if (line[after] !== COMMA && line[after] !== CLOSING_BRACE) return null;
  const rest = line[after] === COMMA ? after + 1 : end;
  return { metadata, payload: Buffer.concat([line.subarray(0, open), line.subarray(rest)]) };
}

/**
 * The pairs of a JSON object of strings, in its order; none if it is empty bytes. Half of a
 * surrogate pair reads as U+FFFD.
 */
export function readJsonPairs(bytes: Buffer, start: number, end: number): [string, string][] {
  const pairs: [string, string][] = [];
  if (start === end) return pairs;
  walkPairs(bytes, start, ({ keyStart, keyEnd, valueStart, valueEnd }) => {
    pairs.push([textOf(bytes, keyStart, keyEnd), textOf(bytes, valueStart, valueEnd)]);
  });
  return pairs;
}

/** Whether bytes are a JSON object of strings, and nothing else. */
export function isMetadataObject(bytes: Buffer): boolean {
  return walkPairs(bytes, 0) === bytes.length;
}

/**
 * Walks a JSON object of strings, and builds nothing: a line may hold millions of pairs.
 *
 * @returns where the object ends, or -1 if it is something else
 */
function walkPairs(bytes: Buffer, start: number, onPair?: (pair: PairSpan) => void): number {
  if (bytes[start] !== OPENING_BRACE) return -1;
  let at = skipWhiteSpace(bytes, start + 1);
  if (bytes[at] === CLOSING_BRACE) return at + 1;
  while (true) {
    const keyStart = at;
    const keyEnd = endOfString(bytes, keyStart);
    const colon = skipWhiteSpace(bytes, keyEnd);
    if (keyEnd === -1 || bytes[colon] !== COLON) return -1;
    const valueStart = skipWhiteSpace(bytes, colon + 1);
    const valueEnd = endOfString(bytes, valueStart);
    if (valueEnd === -1) return -1;
    onPair?.({ keyStart, keyEnd, valueStart, valueEnd });
    at = skipWhiteSpace(bytes, valueEnd);
    if (bytes[at] === CLOSING_BRACE) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at = skipWhiteSpace(bytes, at + 1);
  }
}

function textOf(bytes: Buffer, start: number, end: number): string {
  const hasEscapes = bytes.subarray(start, end).includes(BACKSLASH);
  if (!hasEscapes) return bytes.toString('utf8', start + 1, end - 1);
  const text: string = JSON.parse(bytes.toString('utf8', start, end));
  return text.toWellFormed();
}

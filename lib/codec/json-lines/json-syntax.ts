/** The bytes of JSON's punctuation (RFC 8259), for checks that build no values. */
export const OPENING_BRACE = 0x7b;
export const CLOSING_BRACE = 0x7d;
export const COLON = 0x3a;
export const COMMA = 0x2c;
export const BACKSLASH = 0x5c;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const QUOTE = 0x22;
const FIRST_PRINTABLE = 0x20;

/** The white space of JSON, without the line feed, which ends a line. */
const WHITE_SPACE: ReadonlySet<number | undefined> = new Set(Buffer.from(' \t\r'));

/** The end of a number, literal or other word. */
const WORD_ENDS: ReadonlySet<number> = new Set(Buffer.from(' \t\r,]}:"[{'));

/** `isJson` accepts longer words unchecked by default: no program writes such numbers. */
const MOST_WORD_BYTES = 4096;

/** Where the white space at `start` ends. */
export function skipWhiteSpace(bytes: Buffer, start: number): number {
  let at = start;
  while (WHITE_SPACE.has(bytes[at])) at++;
  return at;
}

/** Where the white space that ends at `end` begins. */
export function skipWhiteSpaceBack(bytes: Buffer, end: number): number {
  let at = end;
  while (at > 0 && WHITE_SPACE.has(bytes[at - 1])) at--;
  return at;
}

/** Where the JSON string that begins at `start` ends, or -1 if none does. */
export function endOfString(bytes: Buffer, start: number): number {
  if (bytes[start] !== QUOTE) return -1;
  let hasEscapes = false;
  for (let at = start + 1; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < FIRST_PRINTABLE) return -1;
    if (byte === QUOTE) return !hasEscapes || isJsonValue(bytes, start, at + 1) ? at + 1 : -1;
    if (byte !== BACKSLASH) continue;
    hasEscapes = true;
    at++;
  }
  return -1;
}

/**
 * Whether a line is JSON. Uses one bit for each level of nesting; `JSON.parse` would use 100 bytes
 * for each `[`.
 *
 * @param checkedWordBytes the length up to which numbers and literals are checked
 */
export function isJson(bytes: Buffer, checkedWordBytes = MOST_WORD_BYTES): boolean {
  const nesting = new Nesting();
  let at = skipWhiteSpace(bytes, 0);
  while (true) {
    // A value begins here.
    const byte = bytes[at];
    if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      nesting.push(byte === OPENING_BRACE);
      at = skipWhiteSpace(bytes, at + 1);
      if (bytes[at] !== closingOf(nesting.isInObject)) {
        if (nesting.isInObject) at = skipKey(bytes, at);
        if (at === -1) return false;
        continue;
      }
    } else {
      at = byte === QUOTE ? endOfString(bytes, at) : endOfWord(bytes, at, checkedWordBytes);
      if (at === -1) return false;
    }
    // A value ends here, or is about to end with its bracket.
    at = skipWhiteSpace(bytes, at);
    while (nesting.depth > 0 && bytes[at] === closingOf(nesting.isInObject)) {
      nesting.pop();
      at = skipWhiteSpace(bytes, at + 1);
    }
    if (nesting.depth === 0) return at === bytes.length;
    if (bytes[at] !== COMMA) return false;
    at = skipWhiteSpace(bytes, at + 1);
    if (nesting.isInObject) at = skipKey(bytes, at);
    if (at === -1) return false;
  }
}

/** Where the value after a key begins; -1 without a key. */
function skipKey(bytes: Buffer, start: number): number {
  const end = endOfString(bytes, start);
  const colon = end === -1 ? -1 : skipWhiteSpace(bytes, end);
  return bytes[colon] === COLON ? skipWhiteSpace(bytes, colon + 1) : -1;
}

/** Where a number or literal ends; -1 if it is neither. */
function endOfWord(bytes: Buffer, start: number, checkedBytes: number): number {
  let end = start;
  while (end < bytes.length && !WORD_ENDS.has(bytes[end] ?? 0)) end++;
  const isShort = end - start <= checkedBytes;
  return end > start && (!isShort || isJsonValue(bytes, start, end)) ? end : -1;
}

function isJsonValue(bytes: Buffer, start: number, end: number): boolean {
  try {
    JSON.parse(bytes.toString('utf8', start, end));
    return true;
  } catch {
    // `JSON.parse` has no other error for text without brackets.
    return false;
  }
}

function closingOf(isInObject: boolean): number {
  return isInObject ? CLOSING_BRACE : CLOSING_BRACKET;
}

/** The open brackets and braces around a value. */
class Nesting {
  depth = 0;
  #bits = new Uint8Array(64);

  get isInObject(): boolean {
    const last = this.depth - 1;
    return last >= 0 && (((this.#bits[last >> 3] ?? 0) >> (last & 7)) & 1) === 1;
  }

  push(isObject: boolean): void {
    const at = this.depth >> 3;
    if (at === this.#bits.length) {
      const larger = new Uint8Array(2 * at);
      larger.set(this.#bits);
      this.#bits = larger;
    }
    const bit = 1 << (this.depth & 7);
    const others = (this.#bits[at] ?? 0) & ~bit;
    this.#bits[at] = isObject ? others | bit : others;
    this.depth++;
  }

  pop(): void {
    this.depth--;
  }
}

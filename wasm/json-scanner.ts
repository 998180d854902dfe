// A scanner of JSON texts (RFC 8259) in AssemblyScript, which `npm run wasm` compiles into
// lib/codec/json-lines/json-scanner-code.ts. It checks a whole text and finds the values of some
// paths in it, and builds no values: a line of 2.7 KB with 155 strings takes 1.0 µs, `JSON.parse`
// takes 8.3 µs, and the same loop in JavaScript 4 µs.
//
// lib/codec/json-lines/json-scanner.ts lays out the memory. After the last byte of the input it
// puts a zero byte, so that no loop over a string, a number or a word runs past the end.

/** The kinds of captured values. `ValueKind` of json-scanner.ts has the same numbers. */
const MISSING: u32 = 0;
const PLAIN_STRING: u32 = 1;
const ESCAPED_STRING: u32 = 2;
const WORD: u32 = 3;
const NULL: u32 = 4;
const CONTAINER: u32 = 5;

/** `scan` returns this for a text without a fault. */
const WHOLE: i32 = -1;

/** Where a function that returns this has stopped is in `fault`. No input begins at 0. */
const FAILED: usize = 0;
let fault: usize = 0;

/** Whether the last string that was skipped has a backslash. */
let hasEscapes: bool = false;

/** The node for the members of the outermost object. */
let root: usize = 0;

// A node: the address of its children, how many there are, and a bit for each length of their names,
// modulo 32 (three u32).
const NODE_COUNT: usize = 4;
const NODE_LENGTHS: usize = 8;

// A child: address and length of its name, its own node (0: no path leads further), its field (-1:
// no path ends here), and the fields of all paths through it, `from` up to `to` (six u32).
const CHILD_BYTES: usize = 24;
const CHILD_LENGTH: usize = 4;
const CHILD_NODE: usize = 8;
const CHILD_FIELD: usize = 12;
const CHILD_FROM: usize = 16;
const CHILD_TO: usize = 20;

// A capture, one for each field: where the value begins and ends, and its kind (three u32).
const CAPTURE_BYTES: usize = 12;
const CAPTURE_END: usize = 4;
const CAPTURE_KIND: usize = 8;
let captures: usize = 0;
let fieldCount: u32 = 0;

// An entry for each container that a path goes into or that is captured, after the captures: the
// node and the depth around it, the child that it is the value of (0: none), where it begins.
const ENTRY_BYTES: usize = 16;
const ENTRY_DEPTH: usize = 4;
const ENTRY_CHILD: usize = 8;
const ENTRY_BEGIN: usize = 12;

/** Sets the paths that `scan` looks for. */
export function configure(rootNode: usize, firstCapture: usize, fields: u32): void {
  root = rootNode;
  captures = firstCapture;
  fieldCount = fields;
}

/**
 * Scans the text from `start` up to `end`.
 *
 * @param bits memory for one bit for each level of nesting, which may be as many as the text's bytes
 * @returns WHOLE, or how far from `start` the first fault is
 */
export function scan(start: usize, end: usize, bits: usize): i32 {
  clearFields(0, fieldCount);
  let stack = captures + <usize>fieldCount * CAPTURE_BYTES;
  /** How many brackets are open, and whether the last one is a brace. */
  let depth: u32 = 0;
  let inObject: bool = false;
  /** The node that the names of the objects at `nodeDepth` are compared with. */
  let node: usize = 0;
  let nodeDepth: u32 = 0;
  /** The child that the name before the current value matched. */
  let child: usize = 0;
  let at = skipSpace(start, end);
  while (true) {
    // A value begins here.
    if (at >= end) return <i32>(end - start);
    const first = <u32>load<u8>(at);
    if ((first | 0x20) == 0x7b) {
      const isObject = first == 0x7b;
      setBit(bits, depth, isObject);
      if (child != 0 || depth == 0) {
        store<u32>(stack, node);
        store<u32>(stack, nodeDepth, ENTRY_DEPTH);
        store<u32>(stack, child, ENTRY_CHILD);
        store<u32>(stack, at, ENTRY_BEGIN);
        stack += ENTRY_BYTES;
        node = depth == 0 ? root : <usize>load<u32>(child, CHILD_NODE);
        nodeDepth = depth + 1;
        child = 0;
      }
      depth++;
      inObject = isObject;
      at = skipSpace(at + 1, end);
      if (at >= end) return <i32>(end - start);
      const next = <u32>load<u8>(at);
      if (next != (isObject ? 0x7d : 0x5d)) {
        if (!isObject) continue;
        if (next != 0x22) return <i32>(at - start);
        const name = at + 1;
        at = skipString(name, end);
        if (at == FAILED) return <i32>(fault - start);
        if (depth == nodeDepth) child = enterMember(node, name, at - 1);
        at = skipColon(at, end);
        if (at == FAILED) return <i32>(fault - start);
        continue;
      }
    } else {
      const begin = at;
      let kind = WORD;
      if (first == 0x22) {
        at = skipString(at + 1, end);
        kind = hasEscapes ? ESCAPED_STRING : PLAIN_STRING;
      } else {
        at = skipWord(at, end);
        if (first == 0x6e) kind = NULL;
      }
      if (at == FAILED) return <i32>(fault - start);
      if (child != 0) {
        capture(child, begin, at, kind);
        child = 0;
      }
    }
    // A value has ended, or is about to end with its bracket.
    while (true) {
      // Members without white space whose values are strings are most of what programs write. This
      // loop for them alone saves 15 %.
      let isMember = false;
      while (inObject && load<u16>(at) == 0x222c) {
        const name = at + 2;
        at = skipString(name, end);
        if (at == FAILED) return <i32>(fault - start);
        if (depth == nodeDepth) child = enterMember(node, name, at - 1);
        if (load<u16>(at) != 0x223a) {
          isMember = true;
          break;
        }
        const begin = at + 1;
        at = skipString(at + 2, end);
        if (at == FAILED) return <i32>(fault - start);
        if (child != 0) {
          capture(child, begin, at, hasEscapes ? ESCAPED_STRING : PLAIN_STRING);
          child = 0;
        }
      }
      if (isMember) {
        at = skipColon(at, end);
        if (at == FAILED) return <i32>(fault - start);
        break;
      }
      at = skipSpace(at, end);
      if (at >= end) return depth == 0 ? WHOLE : <i32>(end - start);
      if (depth == 0) return <i32>(at - start);
      const next = <u32>load<u8>(at);
      if (next == 0x2c) {
        at = skipSpace(at + 1, end);
        if (inObject) {
          if (at >= end || load<u8>(at) != 0x22) return <i32>(at - start);
          const name = at + 1;
          at = skipString(name, end);
          if (at == FAILED) return <i32>(fault - start);
          if (depth == nodeDepth) child = enterMember(node, name, at - 1);
          at = skipColon(at, end);
          if (at == FAILED) return <i32>(fault - start);
        }
        break;
      }
      if (next != (inObject ? 0x7d : 0x5d)) return <i32>(at - start);
      at++;
      if (depth == nodeDepth) {
        stack -= ENTRY_BYTES;
        const ended = <usize>load<u32>(stack, ENTRY_CHILD);
        if (ended != 0) capture(ended, load<u32>(stack, ENTRY_BEGIN), at, CONTAINER);
        node = load<u32>(stack);
        nodeDepth = load<u32>(stack, ENTRY_DEPTH);
      }
      depth--;
      inObject = depth > 0 && hasBit(bits, depth - 1);
    }
  }
}

/** Finds the child that a name matches. Its earlier values no longer count. */
@inline
function enterMember(node: usize, name: usize, end: usize): usize {
  if (node == 0) return 0;
  // Most names have another length than those of the paths.
  if (!hasEscapes && ((load<u32>(node, NODE_LENGTHS) >> (<u32>(end - name) & 31)) & 1) == 0) return 0;
  return findMember(node, name, end);
}

function findMember(node: usize, name: usize, end: usize): usize {
  const child = findChild(node, name, end);
  if (child != 0) clearFields(load<u32>(child, CHILD_FROM), load<u32>(child, CHILD_TO));
  return child;
}

function findChild(node: usize, name: usize, end: usize): usize {
  const length = <u32>(end - name);
  let child = <usize>load<u32>(node);
  for (let left = load<u32>(node, NODE_COUNT); left > 0; left--) {
    if (hasEscapes) {
      if (equalsUnescaped(name, end, child)) return child;
    } else if (load<u32>(child, CHILD_LENGTH) == length) {
      const expected = <usize>load<u32>(child);
      let i: u32 = 0;
      while (i < length && load<u8>(expected + i) == load<u8>(name + i)) i++;
      if (i == length) return child;
    }
    child += CHILD_BYTES;
  }
  return 0;
}

/** Whether a name is that of a child once its escapes are decoded to UTF-8. */
function equalsUnescaped(name: usize, end: usize, child: usize): bool {
  let expected = <usize>load<u32>(child);
  const expectedEnd = expected + load<u32>(child, CHILD_LENGTH);
  let at = name;
  while (at < end) {
    const byte = <u32>load<u8>(at);
    let code = byte;
    if (byte != 0x5c) {
      at++;
    } else {
      const letter = <u32>load<u8>(at + 1);
      at += 2;
      if (letter == 0x75) {
        code = hex4(at);
        at += 4;
        // A pair of surrogates is one character.
        if ((code & 0xfc00) == 0xd800 && at + 6 <= end && load<u16>(at) == 0x755c) {
          const low = hex4(at + 2);
          if ((low & 0xfc00) == 0xdc00) {
            code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
            at += 6;
          }
        }
        const count: u32 = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        if (expected + count > expectedEnd) return false;
        for (let i: u32 = 0; i < count; i++) {
          if (load<u8>(expected++) != utf8Byte(code, i, count)) return false;
        }
        continue;
      }
      code = unescaped(letter);
    }
    if (expected == expectedEnd || load<u8>(expected++) != code) return false;
  }
  return expected == expectedEnd;
}

/** Byte `i` of the `count` bytes of a character in UTF-8. */
function utf8Byte(code: u32, i: u32, count: u32): u32 {
  if (count == 1) return code;
  const bits = code >> (6 * (count - 1 - i));
  if (i > 0) return 0x80 | (bits & 0x3f);
  return ((0xf00 >> count) & 0xff) | bits;
}

function unescaped(letter: u32): u32 {
  if (letter == 0x62) return 0x08;
  if (letter == 0x66) return 0x0c;
  if (letter == 0x6e) return 0x0a;
  if (letter == 0x72) return 0x0d;
  if (letter == 0x74) return 0x09;
  return letter;
}

function hex4(at: usize): u32 {
  let code: u32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const digit = <u32>load<u8>(at + i);
    code = (code << 4) | (digit < 0x3a ? digit - 0x30 : (digit | 0x20) - 0x57);
  }
  return code;
}

@inline
function capture(child: usize, begin: usize, end: usize, kind: u32): void {
  const field = load<i32>(child, CHILD_FIELD);
  if (field < 0) return;
  const to = captures + <usize>field * CAPTURE_BYTES;
  store<u32>(to, begin);
  store<u32>(to, end, CAPTURE_END);
  store<u32>(to, kind, CAPTURE_KIND);
}

function clearFields(from: u32, to: u32): void {
  for (let field = from; field < to; field++) {
    store<u32>(captures + <usize>field * CAPTURE_BYTES, MISSING, CAPTURE_KIND);
  }
}

@inline
function skipSpace(at: usize, end: usize): usize {
  while (at < end) {
    const byte = <u32>load<u8>(at);
    if (byte > 0x20) break;
    if (byte != 0x20 && byte != 0x0a && byte != 0x0d && byte != 0x09) break;
    at++;
  }
  return at;
}

/** Where the value after a name and its colon begins. */
@inline
function skipColon(at: usize, end: usize): usize {
  if (load<u8>(at) != 0x3a) {
    at = skipSpace(at, end);
    if (at >= end || load<u8>(at) != 0x3a) return fail(at);
  }
  return skipSpace(at + 1, end);
}

/** Where a string ends, given where its first character is. 16 bytes at a time. */
@inline
function skipString(at: usize, end: usize): usize {
  hasEscapes = false;
  const quotes = i8x16.splat(0x22);
  const backslashes = i8x16.splat(0x5c);
  const lastControl = i8x16.splat(0x1f);
  while (at < end) {
    const bytes = v128.load(at);
    const isEnd = v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, backslashes));
    const isControl = i8x16.eq(i8x16.min_u(bytes, lastControl), bytes);
    const found = i8x16.bitmask(v128.or(isEnd, isControl));
    if (found == 0) {
      at += 16;
      continue;
    }
    at += ctz(found);
    if (at >= end) break;
    const byte = <u32>load<u8>(at);
    if (byte == 0x22) return at + 1;
    if (byte != 0x5c) return fail(at);
    hasEscapes = true;
    at = skipEscape(at, end);
    if (at == FAILED) return FAILED;
  }
  return fail(end);
}

function skipEscape(at: usize, end: usize): usize {
  if (at + 1 >= end) return fail(end);
  const letter = <u32>load<u8>(at + 1);
  if (letter == 0x75) {
    for (let i: usize = 2; i < 6; i++) if (!isHex(load<u8>(at + i))) return fail(at);
    return at + 6;
  }
  const isKnown =
    letter == 0x22 || letter == 0x5c || letter == 0x2f || letter == 0x62 ||
    letter == 0x66 || letter == 0x6e || letter == 0x72 || letter == 0x74;
  return isKnown ? at + 2 : fail(at);
}

@inline
function isHex(byte: u32): bool {
  return byte - 0x30 < 10 || (byte | 0x20) - 0x61 < 6;
}

/** Where a number, `true`, `false` or `null` ends. */
@inline
function skipWord(at: usize, end: usize): usize {
  const byte = <u32>load<u8>(at);
  if (byte == 0x2d || byte - 0x30 < 10) return skipNumber(at);
  const letters = load<u32>(at);
  // "true" and "null", then "fals" and "e".
  if (letters == 0x65757274 || letters == 0x6c6c756e) return at + 4;
  if (letters == 0x736c6166 && load<u8>(at, 4) == 0x65) return at + 5;
  return fail(at);
}

function skipNumber(at: usize): usize {
  if (load<u8>(at) == 0x2d) at++;
  const first = at;
  at = skipDigits(at);
  if (at == first || (load<u8>(first) == 0x30 && at > first + 1)) return fail(first);
  if (load<u8>(at) == 0x2e) {
    const digits = at + 1;
    at = skipDigits(digits);
    if (at == digits) return fail(at);
  }
  if ((load<u8>(at) | 0x20) == 0x65) {
    at++;
    if (load<u8>(at) == 0x2b || load<u8>(at) == 0x2d) at++;
    const digits = at;
    at = skipDigits(at);
    if (at == digits) return fail(at);
  }
  return at;
}

@inline
function skipDigits(at: usize): usize {
  while (<u32>load<u8>(at) - 0x30 < 10) at++;
  return at;
}

@inline
function fail(at: usize): usize {
  fault = at;
  return FAILED;
}

@inline
function setBit(bits: usize, index: u32, value: bool): void {
  const bit = <u32>1 << (index & 7);
  const others = <u32>load<u8>(bits + (index >> 3)) & ~bit;
  store<u8>(bits + (index >> 3), value ? others | bit : others);
}

@inline
function hasBit(bits: usize, index: u32): bool {
  return ((<u32>load<u8>(bits + (index >> 3)) >> (index & 7)) & 1) == 1;
}

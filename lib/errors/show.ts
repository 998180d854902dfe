import { inspect } from 'node:util';

import { redact } from './redact.js';

/** How much of a value a message shows. */
const VALUE_CHARACTERS = 200;

/** How long a text within a value may be. */
const TEXT_CHARACTERS = 80;

/** How long a message may be: paths may have 4096 bytes, and messages name one or two. */
const MESSAGE_CHARACTERS = 8192;

/** A text in a message: quoted, on one line, short, and without secrets. Other values as `show`. */
export function quote(value: unknown): string {
  if (typeof value !== 'string') return show(value);
  // JSON escapes most control characters by itself.
  return escapeControls(JSON.stringify(shorten(value, TEXT_CHARACTERS)));
}

/** Any value in a message, as Node's `inspect` shows it: on one line, short, without secrets. */
export function show(value: unknown): string {
  const shown = inspect(value, {
    depth: 0,
    maxStringLength: TEXT_CHARACTERS,
    maxArrayLength: 10,
    breakLength: Number.POSITIVE_INFINITY,
  });
  return escapeControls(shorten(shown, VALUE_CHARACTERS));
}

/**
 * A whole message. Names, keys, metadata, options and a server's text are part of messages, and
 * messages end up in logs: control characters are escaped, passwords and signatures in URLs are
 * replaced by `***`, and what is too long loses its middle.
 */
export function toMessage(text: string): string {
  return escapeControls(shorten(text, MESSAGE_CHARACTERS));
}

/** A dump of several lines: as `toMessage`, but it keeps its lines, colours and length. */
export function toLines(text: string): string {
  return escapeInLines(redact(text));
}

/** A dump of several lines without characters that move the cursor or reorder text. */
export function escapeInLines(text: string): string {
  return text
    .split(LINE_OR_COLOUR)
    .map((part, at) => (at % 2 === 0 ? escapeControls(part) : part))
    .join('');
}

const ESCAPE = '\u001b';
const LINE_OR_COLOUR = new RegExp(String.raw`(\n|${ESCAPE}\[\d+m)`);

/**
 * Takes secrets out of a text, then the middle of one that is too long. Reads no more of it than is
 * shown, and what may hold the other half of a secret.
 */
function shorten(text: string, most: number): string {
  if (text.length <= most) return redact(text);
  const tailCharacters = Math.floor(most / 4);
  const headCharacters = most - tailCharacters;
  const head = redact(text.slice(0, headCharacters + SECRET_CHARACTERS)).slice(0, headCharacters);
  const tail = redact(text.slice(-tailCharacters - SECRET_CHARACTERS)).slice(-tailCharacters);
  return `${head}… ${text.length - most} more characters …${tail}`;
}

/** How long a secret may be that is cut. Session tokens of AWS have up to 2,048 characters. */
const SECRET_CHARACTERS = 4096;

/**
 * Control characters, halves of surrogate pairs, and what is invisible, or breaks or reorders lines
 * (Unicode's Cc, Cf, Cs, Zl and Zp).
 */
const CONTROL = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

function escapeControls(text: string): string {
  return text.replace(CONTROL, (character) => {
    const known = JSON.stringify(character).slice(1, -1);
    if (known !== character) return known;
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, '0')}`;
  });
}

import { inspect } from 'node:util';

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

function shorten(text: string, most: number): string {
  if (text.length <= most) return redact(text);
  const tailCharacters = Math.floor(most / 4);
  const head = text.slice(0, most - tailCharacters).replace(CUT_URL, '://***');
  const tail = text.slice(-tailCharacters).replace(CUT_USER, '***@');
  const left = text.length - most;
  return `${redact(head)}… ${left} more characters …${redact(tail)}`;
}

/** A URL whose user and password may have been cut. */
const CUT_URL = /:\/\/[^\s@/]*$/;
const CUT_USER = /^[^\s@/]*@/;

/**
 * User and password of a URL, or a token. A secret key may hold slashes; what follows a colon and begins as a
 * port and a path is none.
 */
const USER_IN_URL = /:\/\/(?:[^\s/@:?#"']{8,}@|[^\s/@:"']*:(?!\d+\/)[^\s@"']*@)/g;

/** Parameters of a signed URL, and parts of an authorization. */
const SIGNED =
  /\b(x-amz-(?:signature|credential|security-token)|signature|credential|sig)=[^&\s"'<>,]+/gi;

/** Fields and variables whose values are secrets. */
const SECRET =
  /((?:secret_?access_?key|session_?token|access_?token|password|passwd|authorization)["']?\s*[:=]\s*["']?)[^\s"'&,;<>}]+/gi;

function redact(text: string): string {
  return text.replace(USER_IN_URL, '://***@').replace(SIGNED, '$1=***').replace(SECRET, '$1***');
}

/** Control characters, halves of surrogate pairs, and what breaks or reorders lines. */
const CONTROL = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

function escapeControls(text: string): string {
  return text.replace(CONTROL, (character) => {
    const known = JSON.stringify(character).slice(1, -1);
    if (known !== character) return known;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

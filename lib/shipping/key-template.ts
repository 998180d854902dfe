import { hostname } from 'node:os';
import { extname } from 'node:path';

import { TemplateError } from '../errors/template-error.js';
import { GZIP_SUFFIX } from '../series/names/archive-state.js';
import { escapeGlob } from '../series/names/escape-glob.js';
import { strftime } from '../series/names/strftime.js';
import { flatten } from '../series/names/template-pattern.js';
import { openingText, sealingText } from '../series/names/token-text.js';
import { objectKeyProblem } from '../stores/contract/object-key.js';
import type { ShippableArchive } from '../writing/handlers/archive-shipper.js';

/** Each archive under its own name, beside the others. */
export const DEFAULT_KEY = '[[NAME]]';

/** The keys that an archive may have. */
export interface ArchiveKeys {
  /** As the template says. */
  readonly plain: string;
  /** The same with `-` and the first digits of the archive's SHA-256 before the name's extension. */
  readonly distinct: string;
}

const KEY_TOKENS = ['NAME', 'HOST', 'CRC', 'COUNT', 'FIRST_TIME', 'LAST_TIME'] as const;
type KeyToken = (typeof KEY_TOKENS)[number];

/** Splitting by this gives text at even places and what is between brackets at odd ones. */
const TOKENS = /\[\[([^[\]]*)\]\]/u;

/** As many digits of the digest tell two archives of one name apart. */
const SHA_DIGITS = 8;

const ANYTHING = '*';

/**
 * The keys of a series in its store, below the store's prefix: slashes, strftime directives for the time of
 * the archive's first record (UTC; where it has none, when it was opened), and tokens: `[[NAME]]`, which
 * must be there, for the archive's own name; `[[HOST]]`, `[[CRC]]`, `[[COUNT]]`, `[[FIRST_TIME]]` and
 * `[[LAST_TIME]]`. What a directive gives has no slash, space or colon: they become `_`.
 */
export class KeyTemplate {
  readonly template: string;
  /** What every key begins with. */
  readonly prefix: string;
  readonly #pieces: readonly string[];

  /** @throws TemplateError when keys would lead out of the store's prefix, or would not tell archives apart */
  constructor(template: string) {
    this.template = template;
    this.#pieces = template.split(TOKENS);
    checkTokens(template, this.#pieces);
    this.prefix = /^[^%[]*/.exec(template)?.[0] ?? '';
    this.keysOf(SAMPLE);
  }

  /** Whether the template has the archive's digest in it, so that no two archives get one key. */
  get isDistinct(): boolean {
    return this.#pieces.some((piece, place) => place % 2 === 1 && piece === 'CRC');
  }

  /** @throws TemplateError when the archive's name or time makes a key that no store takes */
  keysOf(archive: ShippableArchive): ArchiveKeys {
    const timeMicros = Math.round(1000 * (archive.firstTime?.getTime() ?? archive.openedAt));
    const key = this.#pieces
      .map((piece, place) =>
        place % 2 === 0 ? this.#textAt(piece, timeMicros) : tokenText(piece, archive, timeMicros),
      )
      .join('');
    const extension = extname(key);
    const stem = key.slice(0, key.length - extension.length);
    const distinct = `${stem}-${archive.sha256.slice(0, SHA_DIGITS)}${extension}${GZIP_SUFFIX}`;
    // Both: a slash at the end of the one is amid the other.
    const problem = objectKeyProblem(key) ?? objectKeyProblem(distinct);
    if (problem !== undefined)
      throw new TemplateError(this.template, `makes a key that ${problem}`);
    return { plain: key + GZIP_SUFFIX, distinct };
  }

  /**
   * The picomatch pattern of all keys.
   *
   * @param names that of the archives' names
   */
  patternOf(names: string): string {
    const pieces = this.#pieces.map((piece, place) => {
      if (place % 2 === 0) return piece.split(/(%.)/su).map(patternOfText).join('');
      return piece === 'NAME' ? names : ANYTHING;
    });
    // The distinct key of a name has its digits where alternatives have theirs.
    return `${pieces.join('')}${GZIP_SUFFIX}`.replace(/(?<!\\)\*{2,}/g, ANYTHING);
  }

  #textAt(text: string, timeMicros: number): string {
    try {
      return text
        .split('/')
        .map((segment) => flatten(strftime(segment, timeMicros)))
        .join('/');
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new TemplateError(this.template, `cannot be expanded: ${error.message}`);
    }
  }
}

const SAMPLE: ShippableArchive = {
  path: 'a.events',
  name: 'a.events',
  bytes: 0,
  records: 0,
  sha256: '0'.repeat(64),
  firstTime: null,
  lastTime: null,
  openedAt: Date.UTC(2000, 8, 6, 12),
};

function checkTokens(template: string, pieces: readonly string[]): void {
  const tokens = pieces.filter((_, place) => place % 2 === 1);
  const unknown = tokens.find((token) => !isKeyToken(token));
  if (unknown !== undefined) {
    const known = KEY_TOKENS.join(', ');
    throw new TemplateError(template, `has the token [[${unknown}]], expected one of ${known}`);
  }
  if (pieces.some((piece, place) => place % 2 === 0 && /\[\[|\]\]/.test(piece))) {
    throw new TemplateError(template, 'has double brackets around no token');
  }
  if (!tokens.includes('NAME')) {
    throw new TemplateError(template, 'has no [[NAME]], which tells archives apart');
  }
}

function isKeyToken(token: string): token is KeyToken {
  return KEY_TOKENS.some((known) => known === token);
}

function tokenText(token: string, archive: ShippableArchive, timeMicros: number): string {
  if (!isKeyToken(token)) throw new RangeError(`[[${token}]] is no token of a key`);
  switch (token) {
    case 'NAME':
      return archive.name;
    case 'HOST':
      return openingText(token, {
        timeMicros,
        sequence: 0,
        host: hostname(),
        pid: process.pid,
        writer: '',
      });
    default:
      return sealingText(token, {
        sha256: archive.sha256,
        records: archive.records,
        firstTimeMicros: microsOf(archive.firstTime),
        lastTimeMicros: microsOf(archive.lastTime),
      });
  }
}

function microsOf(time: Date | null): number | null {
  return time === null ? null : 1000 * time.getTime();
}

function patternOfText(text: string): string {
  if (text === '%%') return '%';
  return text.startsWith('%') ? ANYTHING : escapeGlob(flattenSegments(text));
}

/** As in keys, where only slashes of the template's own stay. */
function flattenSegments(text: string): string {
  return text.split('/').map(flatten).join('/');
}

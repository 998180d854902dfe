import { hostname } from 'node:os';
import { extname, posix } from 'node:path';

import { TemplateError } from '../errors/template-error.js';
import { baseNameOf, COMPRESSED_SUFFIXES, isReadableName } from '../series/names/archive-state.js';
import { escapeGlob } from '../series/names/glob.js';
import { joinPatterns, Template } from '../series/names/template.js';
import { hostText, KEY_TOKENS, type KeyToken, sealingText } from '../series/names/token-text.js';
import { objectKeyProblem } from '../stores/contract/object-key.js';
import type { ShippableArchive } from '../writing/handlers/archive-shipper.js';

/** The key is the archive's own name. */
export const DEFAULT_KEY = '[[NAME]]';

/** The keys that an archive may have. */
export interface ArchiveKeys {
  /** The key that the template makes. */
  readonly plain: string;
  /** The plain key with `-` and eight digits of the SHA-256 before the name's extension. */
  readonly distinct: string;
}

/** How many digits of the digest distinguish two archives of one name. */
const SHA_DIGITS = 8;

/**
 * The keys of a series in its store, below the store's prefix: slashes, strftime directives for the
 * time of the archive's first record (UTC; if it has none, the time the archive was opened), and
 * tokens: `[[NAME]]`, which is required, for the archive's own name; `[[HOST]]`, `[[CRC]]`,
 * `[[COUNT]]`, `[[FIRST_TIME]]` and `[[LAST_TIME]]`. The suffix of the compression is appended, unless
 * the template ends with it. A slash, space or colon in the text of a directive becomes `_`.
 */
export class KeyTemplate {
  readonly template: string;
  /** The literal text that every key begins with. */
  readonly prefix: string;
  readonly #suffix: string;
  readonly #folder: string;
  readonly #template: Template<KeyToken>;

  /**
   * @param suffix that of compressed archives; empty if they are not compressed
   * @param folder in which all keys are; empty for none
   * @throws TemplateError if keys would leave the prefix, if archives would share a key, or if the
   *   template ends with the suffix of another compression
   */
  constructor(template: string, suffix = '.gz', folder = '') {
    this.template = template;
    this.#suffix = suffix;
    this.#folder = folder === '' ? '' : `${folder}/`;
    const given = COMPRESSED_SUFFIXES.find((known) => template.toLowerCase().endsWith(known)) ?? '';
    if (given !== '' && given !== suffix) {
      const expected = suffix === '' ? 'none, as compression is none' : suffix;
      throw new TemplateError(template, `ends with ${given}, expected ${expected}`);
    }
    // The suffix is appended to every key. A template that ends in it means the same.
    const plain = template.slice(0, template.length - given.length);
    this.#template = new Template(plain, KEY_TOKENS, { slashes: 'keep' });
    if (!this.#template.has('NAME')) {
      throw new TemplateError(template, 'has no [[NAME]], so that archives would share a key');
    }
    this.prefix = this.#folder + (/^[^%[]*/.exec(template)?.[0] ?? '');
    const name = posix.basename(this.keysOf(SAMPLE).plain);
    if (isReadableName(name) && isReadableName(baseNameOf(name))) return;
    throw new TemplateError(template, `makes the name ${name}, which readers take for no archive`);
  }

  /** Whether the template holds the archive's digest, so that no two archives share a key. */
  get isDistinct(): boolean {
    return this.#template.has('CRC');
  }

  /** @throws TemplateError if the archive's name or time makes a key that no store accepts */
  keysOf(archive: ShippableArchive): ArchiveKeys {
    const { distinct, plain } = this.#namesOf(archive);
    return { plain: plain + this.#suffix, distinct: distinct + this.#suffix };
  }

  /**
   * Which key of an archive `key` is, with any compression: an earlier writer may have used another
   * one. Null if it is none, and for an archive of a journal whose time makes no key.
   */
  roleOf(key: string, archive: ShippableArchive): keyof ArchiveKeys | null {
    try {
      const { distinct, plain } = this.#namesOf(archive);
      const isOne = (name: string) => ANY_SUFFIX.some((suffix) => key === name + suffix);
      if (isOne(plain)) return 'plain';
      return isOne(distinct) ? 'distinct' : null;
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  }

  /** The keys without the suffix of a compression. */
  #namesOf(archive: ShippableArchive): ArchiveKeys {
    const timeMicros = Math.round(1000 * (archive.firstTime?.getTime() ?? archive.openedAt));
    const text = this.#template.expand(timeMicros, (token) => tokenText(token, archive));
    const plain = this.#folder + text;
    const extension = extname(plain);
    const stem = plain.slice(0, plain.length - extension.length);
    const distinct = `${stem}-${archive.sha256.slice(0, SHA_DIGITS)}${extension}`;
    // Check both: a slash at the end of the plain key is in the middle of the distinct one.
    const problem = objectKeyProblem(plain) ?? objectKeyProblem(distinct + LONGEST_SUFFIX);
    if (problem === undefined) return { plain, distinct };
    throw new TemplateError(this.template, `makes a key that ${problem}`);
  }

  /**
   * The glob of all keys, whatever their compression: that may change from one writer of a series
   * to the next. It also matches distinct keys, whose digits come where the
   * pattern of names allows those of an alternative.
   *
   * @param names the glob of the archives' names
   */
  patternOf(names: string): string {
    const patterns = this.#template.patterns((token) => (token === 'NAME' ? names : '*'));
    return escapeGlob(this.#folder) + joinPatterns([...patterns, `{${ANY_SUFFIX.join(',')}}`]);
  }

  /** The same keys in a folder. */
  inFolder(folder: string): KeyTemplate {
    return new KeyTemplate(this.template, this.#suffix, folder);
  }
}

/** The suffixes that a key may have. */
const ANY_SUFFIX: readonly string[] = ['', ...COMPRESSED_SUFFIXES];

const LONGEST_SUFFIX = ANY_SUFFIX.toSorted((a, b) => b.length - a.length)[0] ?? '';

/** The keys that an archive of this name has under other compressions. */
export function namesakesOf(key: string): string[] {
  const suffix = COMPRESSED_SUFFIXES.find((known) => key.endsWith(known)) ?? '';
  const name = key.slice(0, key.length - suffix.length);
  return ANY_SUFFIX.filter((other) => other !== suffix).map((other) => name + other);
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

function tokenText(token: KeyToken, archive: ShippableArchive): string {
  switch (token) {
    case 'NAME':
      return archive.name;
    case 'HOST':
      return hostText(hostname());
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

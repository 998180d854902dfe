import { type OptionNames, readOptions } from '../../format/option-names.js';
import { checkFlag, checkText } from '../../format/option-values.js';
import { checkArchiveName, checkTemplateText } from './archive-name.js';
import type { SealFacts } from './seal-facts.js';
import type { StrftimeOptions } from './strftime.js';
import { joinPatterns, Template } from './template.js';
import {
  isSealingToken,
  LONGEST_HOST,
  type NameContext,
  OPENING_TOKENS,
  type OpeningToken,
  openingText,
  SEALING_TOKENS,
  type SealingToken,
  sealingText,
} from './token-text.js';

/** Makes names that sort by time, and that differ between any two writers. */
export const DEFAULT_TEMPLATE = 'events_%Y-%m-%dT%H-%M-%S_[[WRITER]]-[[SEQUENCE]].events';

/**
 * Longest expansion: Wednesday and September have the longest names; before 1970, `%s` has a sign.
 */
const LONGEST_TIME_MICROS = Date.UTC(1900, 8, 5, 12) * 1000;

const LONGEST_CONTEXT: NameContext = {
  timeMicros: LONGEST_TIME_MICROS,
  ordinal: Number.MAX_SAFE_INTEGER,
  host: 'h'.repeat(LONGEST_HOST),
  pid: 2 ** 32 - 1,
  writer: 'f'.repeat(16),
};

const LONGEST_FACTS: SealFacts = {
  sha256: 'f'.repeat(64),
  records: Number.MAX_SAFE_INTEGER,
  firstTimeMicros: LONGEST_TIME_MICROS,
  lastTimeMicros: LONGEST_TIME_MICROS,
};

const TIME_OPTION_NAMES: OptionNames<StrftimeOptions> = { utc: checkFlag };

/**
 * How the archives of a series are named: text with strftime directives, in which ` `, `/` and `:`
 * become `_`, and the tokens `[[SEQUENCE]]`, `[[HOST]]`, `[[PID]]`, `[[WRITER]]`, `[[TIMESTAMP]]`;
 * and `[[CRC]]` (SHA-256 of the file), `[[COUNT]]`, `[[FIRST_TIME]]` and `[[LAST_TIME]]`, which
 * stay in the name until the archive is sealed.
 */
export class ArchiveTemplate {
  readonly template: string;

  /**
   * The glob of every name that the template makes, open and sealed, and of
   * alternatives.
   */
  readonly pattern: string;

  readonly #template: Template<OpeningToken | SealingToken>;

  /** @throws TemplateError if names would lie outside of the archive's directory, or be too long */
  constructor(template: string, given?: StrftimeOptions) {
    const options = readOptions(given, TIME_OPTION_NAMES);
    checkText('template', template);
    checkTemplateText(template);
    this.template = template;
    this.#template = new Template(template, [...OPENING_TOKENS, ...SEALING_TOKENS], {
      ...options,
      slashes: 'flatten',
    });
    const name = this.openName(LONGEST_CONTEXT);
    checkArchiveName(this.sealedName(name, LONGEST_FACTS), template);
    this.pattern = joinPatterns(withAlternatives(this.#template.patterns()));
  }

  /** Whether no two writers, on any host, can give the same name to two different archives. */
  get isDistinct(): boolean {
    return this.#template.has('WRITER') || this.#template.has('CRC');
  }

  /** Whether each name holds the id of its archive's writer. */
  get holdsWriter(): boolean {
    return this.#template.has('WRITER');
  }

  /**
   * The name of an archive that opens, without `.open`.
   *
   * @throws TemplateError if the host makes it a name that no archive may have
   */
  openName(context: NameContext): string {
    const name = this.#template.expand(context.timeMicros, (token) =>
      isSealingToken(token) ? `[[${token}]]` : openingText(token, context),
    );
    checkArchiveName(name, this.template);
    return name;
  }

  /**
   * The name of a sealed archive.
   *
   * @param openName a name that `openName` returned, or an alternative to it
   */
  sealedName(openName: string, facts: SealFacts): string {
    return openName.replace(/\[\[(\w+)\]\]/g, (text, token: string) =>
      isSealingToken(token) ? sealingText(token, facts) : text,
    );
  }
}

/** Lets `-1` stand before the extension. A dot within a token's value is matched by its star. */
function withAlternatives(patterns: readonly string[]): readonly string[] {
  const last = patterns.findLastIndex((pattern) => pattern.includes('.'));
  const pattern = patterns[last];
  if (pattern === undefined) return [...patterns, '*'];
  const dot = pattern.lastIndexOf('.');
  return patterns.toSpliced(last, 1, pattern.slice(0, dot), '*', pattern.slice(dot));
}

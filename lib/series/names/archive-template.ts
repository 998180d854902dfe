import { TemplateError } from '../../errors/template-error.js';
import { checkArchiveName, checkTemplateText } from './archive-name.js';
import { type StrftimeOptions, strftime } from './strftime.js';
import { isSealingToken, parseTemplate, type TemplatePart } from './template-parts.js';
import { flatten, patternOf } from './template-pattern.js';
import {
  LONGEST_HOST,
  type NameContext,
  openingText,
  type SealFacts,
  sealingText,
} from './token-text.js';

/** Names that sort by time, and that no two writers share. */
export const DEFAULT_TEMPLATE = 'events_%Y-%m-%dT%H-%M-%S_[[WRITER]]-[[SEQUENCE]].events';

/**
 * Nothing is longer than on a Wednesday in September; before 1970 `%s` and the like have a minus.
 */
const LONGEST_TIME_MICROS = Date.UTC(1900, 8, 5, 12) * 1000;

const LONGEST_CONTEXT: NameContext = {
  timeMicros: LONGEST_TIME_MICROS,
  sequence: Number.MAX_SAFE_INTEGER,
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

/**
 * How the archives of a series are named: text with strftime directives, in which ` `, `/` and `:`
 * become `_`, and the tokens `[[SEQUENCE]]`, `[[HOST]]`, `[[PID]]`, `[[WRITER]]`, `[[TIMESTAMP]]`;
 * and `[[CRC]]` (SHA-256 of the file), `[[COUNT]]`, `[[FIRST_TIME]]` and `[[LAST_TIME]]`, which
 * stand in the name as they are until the archive is sealed.
 */
export class ArchiveTemplate {
  readonly template: string;

  /**
   * The picomatch pattern of every name that the template makes, open and sealed, and of
   * alternatives.
   */
  readonly pattern: string;

  readonly #parts: readonly TemplatePart[];
  readonly #options: StrftimeOptions;

  /** @throws TemplateError when names would not be files of the archive's directory, or too long */
  constructor(template: string, options: StrftimeOptions = {}) {
    checkTemplateText(template);
    this.template = template;
    this.#parts = parseTemplate(template);
    this.#options = options;
    const name = this.openName(LONGEST_CONTEXT);
    checkArchiveName(this.sealedName(name, LONGEST_FACTS), template);
    this.pattern = patternOf(this.#parts);
  }

  /**
   * The name of an archive that opens, without `.open`.
   *
   * @throws TemplateError when the host makes it one that no archive may have
   */
  openName(context: NameContext): string {
    const name = this.#parts.map((part) => this.#expand(part, context)).join('');
    checkArchiveName(name, this.template);
    return name;
  }

  /**
   * The name of a sealed archive.
   *
   * @param openName what `openName` gave, or an alternative to it
   */
  sealedName(openName: string, facts: SealFacts): string {
    return openName.replace(/\[\[(\w+)\]\]/g, (text, token: string) =>
      isSealingToken(token) ? sealingText(token, facts) : text,
    );
  }

  #expand(part: TemplatePart, context: NameContext): string {
    switch (part.kind) {
      case 'text':
        return flatten(this.#formatTime(part.text, context.timeMicros));
      case 'opening':
        return openingText(part.token, context);
      case 'sealing':
        return `[[${part.token}]]`;
    }
  }

  #formatTime(text: string, timeMicros: number): string {
    try {
      return strftime(text, timeMicros, this.#options);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new TemplateError(this.template, `cannot be expanded: ${error.message}`);
    }
  }
}

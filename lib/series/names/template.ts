import { TemplateError } from '../../errors/template-error.js';
import { escapeGlob } from './glob.js';
import { hasTokenTime } from './name-times.js';
import { type StrftimeOptions, strftime } from './strftime.js';

export interface TemplateOptions extends StrftimeOptions {
  /** Whether a slash of the template stays one, as in a key, or becomes `_`, as in a name. */
  readonly slashes: 'keep' | 'flatten';
}

/** A stretch of a template: text, which may hold strftime directives, or one token. */
type Piece<Token> =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'token'; readonly token: Token };

/** Splits a template into text at even indexes and the names of tokens at odd ones. */
const TOKENS = /\[\[([^[\]]*)\]\]/u;

/** A strftime directive, or the text between two. */
const DIRECTIVES = /%.|[^%]+/gsu;

/** The pattern of a token or a directive. */
const ANYTHING = '*';

/**
 * Text with strftime directives and tokens like `[[HOST]]`: the syntax that the names of archives
 * and the keys of objects share. A space or colon becomes `_`, and so does a slash that a directive
 * makes.
 */
export class Template<Token extends string> {
  readonly text: string;
  readonly #pieces: readonly Piece<Token>[];
  readonly #options: TemplateOptions;

  /**
   * @param tokens the names of all tokens that the template may have
   * @throws TemplateError for an unknown token, or brackets that hold none
   */
  constructor(text: string, tokens: readonly Token[], options: TemplateOptions) {
    this.text = text;
    this.#pieces = text
      .split(TOKENS)
      .map((piece, i) =>
        i % 2 === 0
          ? { kind: 'text', text: checkText(text, piece, options) }
          : { kind: 'token', token: findToken(text, piece, tokens) },
      );
    this.#options = options;
  }

  has(token: Token): boolean {
    return this.#pieces.some((piece) => piece.kind === 'token' && piece.token === token);
  }

  /**
   * Expands directives and tokens.
   *
   * @param timeMicros what directives format: µs since the epoch
   * @throws TemplateError for an unknown directive, or a time that cannot be formatted
   */
  expand(timeMicros: number, textOf: (token: Token) => string): string {
    return this.#pieces
      .map((piece) =>
        piece.kind === 'token' ? textOf(piece.token) : this.#formatText(piece.text, timeMicros),
      )
      .join('');
  }

  /**
   * globs that, joined by `joinPatterns`, match everything the template expands to:
   * one for each directive, each token and each text between them.
   */
  patterns(patternOf: (token: Token) => string = () => ANYTHING): string[] {
    return this.#pieces.flatMap((piece) =>
      piece.kind === 'token' ? [patternOf(piece.token)] : this.#patternsOfText(piece.text),
    );
  }

  #formatText(text: string, timeMicros: number): string {
    try {
      return this.#segmentsOf(text)
        .map((segment) => flatten(strftime(segment, timeMicros, this.#options)))
        .join('/');
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new TemplateError(this.text, `cannot be expanded: ${error.message}`);
    }
  }

  #patternsOfText(text: string): string[] {
    return (text.match(DIRECTIVES) ?? []).map((piece) => {
      if (piece === '%%') return '%';
      if (piece.startsWith('%')) return ANYTHING;
      return escapeGlob(this.#segmentsOf(piece).map(flatten).join('/'));
    });
  }

  #segmentsOf(text: string): string[] {
    return this.#options.slashes === 'keep' ? text.split('/') : [text];
  }
}

/** Joins patterns. Neighbouring stars become one: `**` would match slashes too. */
export function joinPatterns(patterns: readonly string[]): string {
  return patterns.join('').replace(/(?<!\\)\*{2,}/g, ANYTHING);
}

function flatten(text: string): string {
  return text.replace(/[ /:]/g, '_');
}

function findToken<Token extends string>(
  template: string,
  name: string,
  tokens: readonly Token[],
): Token {
  const token = tokens.find((known) => known === name);
  if (token !== undefined) return token;
  const known = tokens.join(', ');
  throw new TemplateError(template, `has the token [[${name}]], expected one of ${known}`);
}

/**
 * Refuses brackets without a token: a typing error that, around `[[HOST]]`, could even make a
 * token. Also refuses times of the form that `[[FIRST_TIME]]` and `[[LAST_TIME]]` have: readers
 * would take them for the times of records.
 */
function checkText(template: string, text: string, options: StrftimeOptions): string {
  if (text.includes('[[') || text.includes(']]')) {
    throw new TemplateError(template, `has double brackets around no token in "${text}"`);
  }
  if (text.includes('Z') && hasTokenTime(flatten(tryStrftime(text, options)))) {
    throw new TemplateError(
      template,
      'makes times of the form that only [[FIRST_TIME]] and [[LAST_TIME]] may have: leave out the Z',
    );
  }
  return text;
}

/** Expanding reports an unknown directive. */
function tryStrftime(text: string, options: StrftimeOptions): string {
  try {
    return strftime(text, 0, options);
  } catch {
    return text;
  }
}

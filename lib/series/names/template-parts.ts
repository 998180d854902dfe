import { TemplateError } from '../../errors/template-error.js';

/** Tokens that are settled when an archive opens. */
const OPENING_TOKENS = ['SEQUENCE', 'HOST', 'PID', 'WRITER', 'TIMESTAMP'] as const;

/** Tokens that stand in an archive's name until it is sealed. */
const SEALING_TOKENS = ['CRC', 'COUNT', 'FIRST_TIME', 'LAST_TIME'] as const;

export type OpeningToken = (typeof OPENING_TOKENS)[number];
export type SealingToken = (typeof SEALING_TOKENS)[number];

/** A stretch of a template: text, which may hold strftime directives, or one token. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'opening'; readonly token: OpeningToken }
  | { readonly kind: 'sealing'; readonly token: SealingToken };

/** Splitting by this gives text at even places and what is between brackets at odd ones. */
const TOKENS = /\[\[([^[\]]*)\]\]/u;

/**
 * Cuts a template into text and tokens.
 *
 * @throws TemplateError for an unknown token, or brackets that hold none
 */
export function parseTemplate(template: string): readonly TemplatePart[] {
  return template
    .split(TOKENS)
    .map((piece, place) =>
      place % 2 === 0 ? parseText(template, piece) : parseToken(template, piece),
    );
}

export function isSealingToken(name: string): name is SealingToken {
  return SEALING_TOKENS.some((token) => token === name);
}

function isOpeningToken(name: string): name is OpeningToken {
  return OPENING_TOKENS.some((token) => token === name);
}

function parseToken(template: string, name: string): TemplatePart {
  if (isOpeningToken(name)) return { kind: 'opening', token: name };
  if (isSealingToken(name)) return { kind: 'sealing', token: name };
  const known = [...OPENING_TOKENS, ...SEALING_TOKENS].join(', ');
  throw new TemplateError(template, `has the token [[${name}]], expected one of ${known}`);
}

/**
 * Brackets without a token are a slip of the pen; around `[[HOST]]` they could even make a token.
 */
function parseText(template: string, text: string): TemplatePart {
  if (text.includes('[[') || text.includes(']]')) {
    throw new TemplateError(template, `has double brackets around no token in "${text}"`);
  }
  return { kind: 'text', text };
}

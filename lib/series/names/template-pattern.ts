import { escapeGlob } from './escape-glob.js';
import type { TemplatePart } from './template-parts.js';

/** What a piece of a pattern is that matches anything. */
const ANYTHING = '*';

/** A directive, or the text between two. */
const PIECES = /%.|[^%]+/gsu;

/**
 * The picomatch pattern of every name that a template makes, and of the alternatives to these.
 * Tokens and strftime directives match anything.
 */
export function patternOf(parts: readonly TemplatePart[]): string {
  const pieces = parts.flatMap((part) =>
    part.kind === 'text' ? patternsOfText(part.text) : [ANYTHING],
  );
  return withAlternatives(pieces)
    .filter((piece, at, all) => piece !== ANYTHING || all[at - 1] !== ANYTHING)
    .join('');
}

/** Names are flat: what strftime or the template puts between two words is an underscore. */
export function flatten(text: string): string {
  return text.replace(/[ /:]/g, '_');
}

function patternsOfText(text: string): string[] {
  return (text.match(PIECES) ?? []).map((piece) => {
    if (piece === '%%') return '%';
    return piece.startsWith('%') ? ANYTHING : escapeGlob(flatten(piece));
  });
}

/** Lets `-1` stand before the extension. A dot within a token's value is matched by its star. */
function withAlternatives(pieces: readonly string[]): readonly string[] {
  const place = pieces.findLastIndex((piece) => piece.includes('.'));
  const piece = pieces[place];
  if (piece === undefined) return [...pieces, ANYTHING];
  const dot = piece.lastIndexOf('.');
  const split = [piece.slice(0, dot), ANYTHING, piece.slice(dot)].filter((text) => text !== '');
  return pieces.toSpliced(place, 1, ...split);
}

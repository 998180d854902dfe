/** A pattern in two: the literal path before its first wildcard, and the rest. */
export interface SplitGlob {
  /**
   * Without a slash at the end, unless it is `/` itself; empty if the pattern begins with a glob.
   */
  readonly root: string;
  /** Empty if the pattern has no wildcards. */
  readonly glob: string;
}

/**
 * Splits a pattern before the first segment that is a glob.
 */
export function splitGlob(pattern: string): SplitGlob {
  const segments = pattern.split('/');
  const first = segments.findIndex((segment) => GLOB.test(segment.replace(/\\./g, '')));
  if (first === -1) return { root: unescapeGlob(pattern), glob: '' };
  const root = unescapeGlob(segments.slice(0, first).join('/'));
  const isAtTop = root === '' && pattern.startsWith('/');
  return { root: isAtTop ? '/' : root, glob: segments.slice(first).join('/') };
}

/** Text that every match of a glob begins with; not always the longest such text. */
export function literalStart(glob: string): string {
  const [literal = ''] = /^[\w=.:-]*/.exec(glob) ?? [];
  const next = glob.at(literal.length) ?? '';
  // Any other character could change the one before it: `a+` matches `aa`.
  return glob.includes('|') ? '' : literal.slice(0, '*[{'.includes(next) ? undefined : -1);
}

/** A glob that matches only this text, which may be a path. */
export function escapeGlob(text: string): string {
  return text.replace(GLOB_CHARACTERS, (character) =>
    // picomatch drops some of three or more backslashes in a row, but not of a set of one
    // backslash.
    character === '\\' ? '[\\\\]' : `\\${character}`,
  );
}

/** The text of a pattern without the backslashes that escape its characters. */
export function unescapeGlob(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}

const GLOB = /[*?[\](){}|]/;

/** Characters that have a meaning in a glob, here or to picomatch. */
const GLOB_CHARACTERS = /[*?[\]{}()!+@|^$,"\\]/g;

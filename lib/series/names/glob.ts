/** A pattern in two: what stands literally before its glob, and the glob. */
export interface SplitGlob {
  /** Without a slash at its end, unless it is nothing else; empty where the glob is relative. */
  readonly root: string;
  /** Empty where the pattern is none. */
  readonly glob: string;
}

/**
 * Splits a pattern at the first of its segments that is a glob. (picomatch's own `scan` takes an escaped
 * brace for the end of it.)
 */
export function splitGlob(pattern: string): SplitGlob {
  const segments = pattern.split('/');
  const first = segments.findIndex((segment) => GLOB.test(segment.replace(/\\./g, '')));
  if (first === -1) return { root: unescapeGlob(pattern), glob: '' };
  const root = unescapeGlob(segments.slice(0, first).join('/'));
  const isAtTop = root === '' && pattern.startsWith('/');
  return { root: isAtTop ? '/' : root, glob: segments.slice(first).join('/') };
}

/** Text that all names begin with which a glob matches; not always all of it. */
export function literalStart(glob: string): string {
  const [literal = ''] = /^[\w=.:-]*/.exec(glob) ?? [];
  const next = glob.at(literal.length) ?? '';
  // What else may follow could be about the character before it.
  return glob.includes('|') ? '' : literal.slice(0, '*[{'.includes(next) ? undefined : -1);
}

/** Text of a pattern without the backslashes that take away a character's meaning. */
export function unescapeGlob(text: string): string {
  return text.replace(/\\(.)/g, '$1');
}

const GLOB = /[*?[\](){}|]/;

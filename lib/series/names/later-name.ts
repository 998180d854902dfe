import { parse } from 'node:path';

import { escapeGlob } from './glob.js';
import { createGlobMatcher, type GlobMatcher } from './glob-matcher.js';

/**
 * Whether a name may be the one that an archive at `path` has got since: tokens were replaced, and
 * other text may precede it, follow it or replace its extension.
 */
export function laterNameMatcher(path: string): GlobMatcher {
  const { name } = parse(path);
  const text = name
    .split(/\[\[\w+\]\]/)
    .map(escapeGlob)
    .join('*');
  return createGlobMatcher(`*${text}*`.replace(/\*{2,}/g, '*'));
}

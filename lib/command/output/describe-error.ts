import { readdir } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';

import { ArchiveError, DirectoryError, GlobError, NoArchivesError } from '../../index.js';
import { systemCodeOf } from '../options/system-code.js';
import { formatCount } from './quantities.js';

/** What to say about an error: what, where, and what to do next. */
export async function describeError(error: unknown): Promise<string> {
  if (error instanceof NoArchivesError) return await describeNothing(error.patterns);
  if (error instanceof DirectoryError && error.message.includes('createDirectory')) {
    const missing = `directory ${error.directory} does not exist`;
    return `${missing}: give --create-directory if it is not on a disk that must be mounted`;
  }
  if (error instanceof ArchiveError || isMisuse(error)) return inOptions(error.message);
  if (!(error instanceof Error)) return String(error);
  const code = systemCodeOf(error);
  const isShown = code === undefined || error.message.includes(code);
  return isShown ? error.message : `${code}: ${error.message}`;
}

/** Whether the library found only at work that an argument or an option makes no sense. */
export function isMisuse(error: unknown): error is GlobError {
  return error instanceof GlobError;
}

/** Names options as on the command line. */
function inOptions(message: string): string {
  return message
    .replace("order: 'time'", '--order time')
    .replace("whenExists: 'replace'", '--force')
    .replace(/ \(the option createDirectory creates it\)/, ' (--create-directory creates it)');
}

async function describeNothing(patterns: readonly string[]): Promise<string> {
  const hints = await Promise.all(patterns.map(hintFor));
  return [`nothing matches ${patterns.join(', ')}`, ...hints.filter(Boolean)].join('\n');
}

/** The most similar files in the directory that a pattern names. */
async function hintFor(pattern: string): Promise<string | undefined> {
  if (pattern.includes('://')) return undefined;
  if ((await namesIn(pattern)) !== undefined) return undefined;
  const directory = dirname(pattern);
  const names = await namesIn(directory);
  if (names === undefined) return `there is no directory ${directory}`;
  const counts = new Map<string, number>();
  for (const name of names) {
    const extension = extname(name.replace(/\.(?:open|stale|gz|zst)$/, ''));
    if (extension !== '' && !name.startsWith('.')) {
      counts.set(extension, (counts.get(extension) ?? 0) + 1);
    }
  }
  const wanted = extname(basename(pattern));
  if (wanted === '' && !/[*?[{]/.test(pattern)) return 'there is no such file or directory';
  const [best] = [...counts].sort(
    ([a, countA], [b, countB]) => likeness(b, wanted) - likeness(a, wanted) || countB - countA,
  );
  if (best === undefined) return `${directory}/ holds no archive`;
  const [extension, count] = best;
  const suggestion = directory === '.' ? `*${extension}` : `${directory}/*${extension}`;
  return `${directory}/ holds ${formatCount(count)} *${extension}: did you mean ${suggestion}?`;
}

async function namesIn(directory: string): Promise<string[] | undefined> {
  try {
    return await readdir(directory);
  } catch {
    // A path that is not a readable directory holds nothing to suggest.
    return undefined;
  }
}

/** How many letters two extensions have in common at their begin. */
function likeness(a: string, b: string): number {
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  return same;
}

import { basename } from 'node:path';

import { DamageError } from '../../errors/damage-error.js';
import { sha256OfChunks } from '../../files/sha256.js';
import type { FoundArchive } from '../opening/found-archive.js';
import { readUncompressed } from '../opening/read-uncompressed.js';

/**
 * Leaves out copies: of archives with one name in several places whose uncompressed bytes are the same, all
 * but the first. For archives whose records have no sequence to tell repeats by. Reads only those that
 * share their name with another, one at a time.
 */
export async function leaveOutCopies(archives: readonly FoundArchive[]): Promise<FoundArchive[]> {
  const namesakes = new Map<string, number>();
  for (const { path } of archives) {
    const name = basename(path);
    namesakes.set(name, (namesakes.get(name) ?? 0) + 1);
  }
  const seen = new Set<string>();
  const distinct: FoundArchive[] = [];
  for (const archive of archives) {
    const name = basename(archive.path);
    const digest = namesakes.get(name) === 1 ? null : await digestOf(archive);
    const identity = `${digest} ${name}`;
    if (digest !== null && seen.has(identity)) continue;
    seen.add(identity);
    distinct.push(archive);
  }
  return distinct;
}

/** The SHA-256 of the uncompressed bytes; null for damage, which is told when the archive is read. */
export async function digestOf(archive: FoundArchive): Promise<string | null> {
  const source = await archive.open();
  try {
    return (await sha256OfChunks(readUncompressed(source))).toString('hex');
  } catch (error) {
    if (error instanceof DamageError) return null;
    throw error;
  } finally {
    await source.close();
  }
}

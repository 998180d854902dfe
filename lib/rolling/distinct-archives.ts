import { createHash } from 'node:crypto';
import { basename } from 'node:path';

import { DamageError } from '../errors/damage-error.js';
import type { FileLayer } from '../storage/file-layer.js';
import { openArchive, readUncompressed } from './open-archive.js';

/**
 * Leaves out copies: of archives with one name in several directories whose uncompressed bytes are the
 * same, all but the first. For archives whose records have no sequence to tell repeats by. Reads only
 * those that share their name with another, one at a time.
 *
 * @param archives paths without the suffix of their state
 */
export async function leaveOutCopies(
  archives: readonly string[],
  files: FileLayer,
): Promise<string[]> {
  const namesakes = new Map<string, number>();
  for (const archive of archives) {
    const name = basename(archive);
    namesakes.set(name, (namesakes.get(name) ?? 0) + 1);
  }
  const seen = new Set<string>();
  const distinct: string[] = [];
  for (const archive of archives) {
    const name = basename(archive);
    const digest = namesakes.get(name) === 1 ? null : await digestOf(archive, files);
    const identity = `${digest} ${name}`;
    if (digest !== null && seen.has(identity)) continue;
    seen.add(identity);
    distinct.push(archive);
  }
  return distinct;
}

/** The SHA-256 of the uncompressed bytes; null for damage, which is told when the archive is read. */
async function digestOf(archive: string, files: FileLayer): Promise<string | null> {
  const source = await openArchive(archive, files);
  const hash = createHash('sha256');
  try {
    for await (const chunk of readUncompressed(source)) hash.update(chunk);
  } catch (error) {
    if (error instanceof DamageError) return null;
    throw error;
  } finally {
    await source.file.close();
  }
  return hash.digest('hex');
}

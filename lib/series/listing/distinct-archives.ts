import { basename } from 'node:path';

import { DamageError } from '../../errors/damage-error.js';
import type { FileStatus } from '../../files/file-layer.js';
import { isSameFile, isSecondName } from '../../files/same-file.js';
import { sha256OfChunks } from '../../files/sha256.js';
import type { ArchiveSource } from '../opening/archive-source.js';
import type { FoundArchive, FoundFile } from '../opening/found-archive.js';
import { isArchiveGone } from '../opening/open-archive.js';
import { readUncompressed } from '../opening/read-uncompressed.js';

/**
 * The archives without those that repeat another one: second names of a file, and copies. For
 * archives whose records have no sequence, which is how the reader recognises repeats everywhere
 * else.
 */
export async function distinctArchives(archives: readonly FoundArchive[]): Promise<FoundArchive[]> {
  return await leaveOutCopies(await leaveOutLinkedTwins(archives));
}

/**
 * Leaves out the open name of an archive whose sealed name is among `archives` too. Sealing links
 * the file under both names for a moment; after a crash in that moment both stay until the archive
 * is recovered.
 */
export async function leaveOutLinkedTwins(
  archives: readonly FoundArchive[],
): Promise<FoundArchive[]> {
  const linked = new Map<FoundArchive, FoundFile>();
  for (const archive of archives) {
    const file = await archive.findFile();
    if (file !== null && file.status.nlink > 1) linked.set(archive, file);
  }
  const sealed = [...linked.values()].filter(({ isOpen }) => !isOpen);
  return archives.filter((archive) => {
    const file = linked.get(archive);
    return !file?.isOpen || !sealed.some((other) => isTwin(other.status, file.status));
  });
}

/** The open name may have been asked before the last bytes were written. */
function isTwin(sealed: FileStatus, open: FileStatus): boolean {
  return isSameFile(sealed, open) || isSecondName(sealed, open);
}

/**
 * Leaves out copies: of several archives with one name and the same uncompressed bytes it keeps the
 * first. Reads only archives that share their name with another, one at a time.
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

/**
 * The SHA-256 of an archive's uncompressed bytes, in hex; null if it is damaged or gone, which the
 * reader reports when it reads the archive.
 */
export async function digestOf(archive: FoundArchive): Promise<string | null> {
  const source = await openUnlessGone(archive);
  if (source === null) return null;
  try {
    return (await sha256OfChunks(readUncompressed(source))).toString('hex');
  } catch (error) {
    if (error instanceof DamageError) return null;
    throw error;
  } finally {
    await source.close();
  }
}

async function openUnlessGone(archive: FoundArchive): Promise<ArchiveSource | null> {
  try {
    return await archive.open();
  } catch (error) {
    if (isArchiveGone(error)) return null;
    throw error;
  }
}

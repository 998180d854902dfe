import { createHash, randomBytes } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';

import { copyRange } from '../../files/copy-range.js';
import type { FileLayer, OpenFile } from '../../files/file-layer.js';
import { findFile } from '../../files/find-file.js';
import { isSameFile, isSecondName } from '../../files/same-file.js';
import { syncDirectory } from '../../files/sync-directory.js';
import { systemCodeOf } from '../../files/system-error.js';
import { parseTemporaryName, toTemporaryName } from '../../files/temporary-name.js';
import { unlinkIfThere } from '../../files/unlink-if-there.js';
import { takeFreeName } from '../../series/names/take-free-name.js';

/**
 * Moves a file to `to`, or to an alternative of that name if it is taken; never overwrites a file.
 * Across devices it copies the file under a name of its own, `.NAME.DIGITS.part`, and syncs the copy,
 * before it gives the copy its name. When the promise resolves, the move survives a power loss; when it
 * rejects, nothing is lost.
 *
 * @returns the path where the file is now
 */
export async function moveFile(files: FileLayer, from: string, to: string): Promise<string> {
  let path: string;
  try {
    path = await linkToFreeName(files, from, to);
  } catch (error) {
    if (systemCodeOf(error) !== 'EXDEV') throw error;
    path = await copyAcross(files, from, to);
  }
  if (await isSameName(files, from, path)) return from;
  // Sync the new name before unlinking the old one: otherwise a power loss could take both.
  await syncDirectory(files, dirname(path));
  await unlinkIfThere(files, from);
  await syncDirectory(files, dirname(from));
  return path;
}

async function linkToFreeName(files: FileLayer, from: string, to: string): Promise<string> {
  const own = await files.lstat(from);
  return await takeFreeName(files, from, to, {
    // If a crash came between link and unlink, this call finishes the move. A symbolic link to the
    // file counts as another file: it would lead nowhere after the move.
    holderOf: async (path) => {
      const found = await findFile(path, files);
      if (found === null) return 'none';
      return isSecondName(found, own) ? 'itself' : 'other';
    },
  });
}

async function copyAcross(files: FileLayer, from: string, to: string): Promise<string> {
  const mark = await markOf(from, files);
  await removeLeft(files, to, mark);
  const uploadId = mark + randomBytes(MARK_DIGITS / 2).toString('hex');
  const part = join(dirname(to), toTemporaryName({ name: basename(to), uploadId }));
  await copyFile(files, from, part);
  try {
    return await linkToFreeName(files, part, to);
  } finally {
    await unlinkIfThere(files, part);
  }
}

/** Half of the digits in a copy's name say of which file it is a copy; the others differ each time. */
const MARK_DIGITS = 8;

async function markOf(from: string, files: FileLayer): Promise<string> {
  const { mtimeMs, size } = await files.lstat(from);
  const file = `${resolve(from)} ${size} ${mtimeMs}`;
  return createHash('sha256').update(file).digest('hex').slice(0, MARK_DIGITS);
}

/**
 * Removes the copies of the same file that moves have left which were killed. Only one process at a
 * time moves a file; one that had only stalled finds its copy gone, and fails.
 */
async function removeLeft(files: FileLayer, to: string, mark: string): Promise<void> {
  const directory = dirname(to);
  for (const entry of await files.readdir(directory)) {
    const left = entry.isFile() ? parseTemporaryName(entry.name) : null;
    if (left?.name !== basename(to) || !left.uploadId.startsWith(mark)) continue;
    await unlinkIfThere(files, join(directory, entry.name));
  }
}

/**
 * Copies a file to a free name, and syncs it. Leaves no file if it rejects.
 *
 * @throws Node's `EEXIST` if the name is taken
 */
async function copyFile(files: FileLayer, from: string, to: string): Promise<void> {
  const target = await files.open(to, 'wx');
  try {
    await fill(files, target, from);
  } catch (error) {
    // Report the first failure, even if the copy cannot be removed.
    await files.unlink(to).catch(() => undefined);
    throw error;
  }
}

async function fill(files: FileLayer, target: OpenFile, from: string): Promise<void> {
  try {
    const source = await files.open(from, 'r');
    try {
      await copyRange(source, target, { start: 0 });
    } finally {
      await source.close();
    }
    await target.sync();
  } finally {
    await target.close();
  }
}

/**
 * Whether two paths are one name, however they are spelled: unlinking one would then lose the
 * other.
 */
async function isSameName(files: FileLayer, one: string, other: string): Promise<boolean> {
  if (basename(one) !== basename(other)) return false;
  return isSameFile(await files.stat(dirname(one)), await files.stat(dirname(other)));
}

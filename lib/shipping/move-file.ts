import { basename, dirname, join } from 'node:path';

import { alternativeName } from '../rolling/alternative-name.js';
import type { FileLayer, FileStatus } from '../storage/file-layer.js';
import { isMissing, systemCodeOf } from '../storage/system-error.js';
import { copyFile } from './copy-file.js';

/** What file systems answer that have no hard links, or have run out of them. */
const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Moves a file to a name, or to an alternative of it when that is taken: nothing is ever
 * overwritten. Across devices the file is copied under a name that ends with `.part`, and synced,
 * before it gets its own. When the promise resolves the move lasts through a power loss; when it
 * rejects, nothing is lost.
 *
 * @returns the path where the file is now
 */
export async function moveFile(files: FileLayer, from: string, to: string): Promise<string> {
  let path: string;
  try {
    path = await takeName(files, from, to);
  } catch (error) {
    if (systemCodeOf(error) !== 'EXDEV') throw error;
    path = await copyAcross(files, from, to);
  }
  if (await isSameName(files, from, path)) return from;
  // The new name lasts before the old one goes: the other way round a power loss could take both.
  await files.syncDirectory(dirname(path));
  await unlinkIfThere(files, from);
  await files.syncDirectory(dirname(from));
  return path;
}

/**
 * Gives the file the first name that is free. Mostly it has two names then, elsewhere only the new.
 */
async function takeName(files: FileLayer, from: string, to: string): Promise<string> {
  for (let n = 0; ; n++) {
    const path = alternativeTo(to, n);
    try {
      await linkOrRename(files, from, path);
      return path;
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
      // A crash between link and unlink leaves both names: this time the move is finished.
      if (await isSameFile(files, from, path)) return path;
    }
  }
}

async function linkOrRename(files: FileLayer, from: string, path: string): Promise<void> {
  try {
    await files.link(from, path);
  } catch (error) {
    if (!NO_HARD_LINKS.has(systemCodeOf(error) ?? '')) throw error;
    await renameToFree(files, from, path);
  }
}

/** rename() overwrites, so an empty file of our own takes the name first. */
async function renameToFree(files: FileLayer, from: string, path: string): Promise<void> {
  const placeholder = await files.open(path, 'wx');
  await placeholder.close();
  try {
    await files.rename(from, path);
  } catch (error) {
    await files.unlink(path).catch(() => undefined);
    throw error;
  }
}

async function copyAcross(files: FileLayer, from: string, to: string): Promise<string> {
  const part = await copyToPart(files, from, to);
  try {
    return await takeName(files, part, to);
  } finally {
    await unlinkIfThere(files, part);
  }
}

/** A `.part` that is there may be another's who still writes it: it is left alone. */
async function copyToPart(files: FileLayer, from: string, to: string): Promise<string> {
  for (let n = 0; ; n++) {
    const part = `${alternativeTo(to, n)}.part`;
    try {
      await copyFile(files, from, part);
      return part;
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
    }
  }
}

function alternativeTo(path: string, n: number): string {
  return n === 0 ? path : join(dirname(path), alternativeName(basename(path), n));
}

/** Whether two paths are one name, however they are written: to unlink one is to lose the other. */
async function isSameName(files: FileLayer, one: string, other: string): Promise<boolean> {
  if (basename(one) !== basename(other)) return false;
  return isSame(await files.stat(dirname(one)), await files.stat(dirname(other)));
}

/** A symbolic link to the file is another file: it would lead nowhere after the move. */
async function isSameFile(files: FileLayer, one: string, other: string): Promise<boolean> {
  return isSame(await files.lstat(one), await files.lstat(other));
}

function isSame(a: FileStatus, b: FileStatus): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

async function unlinkIfThere(files: FileLayer, path: string): Promise<void> {
  try {
    await files.unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

import { basename, dirname, join } from 'node:path';

import type { FileLayer } from '../../files/file-layer.js';
import { isSameFile } from '../../files/same-file.js';
import { systemCodeOf } from '../../files/system-error.js';
import { takeName, unlinkIfThere } from '../../files/take-name.js';
import { alternativeName } from '../../series/names/alternative-name.js';
import { copyFile } from './copy-file.js';

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
    path = await takeFreeName(files, from, to);
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
async function takeFreeName(files: FileLayer, from: string, to: string): Promise<string> {
  for (let n = 0; ; n++) {
    const path = alternativeTo(to, n);
    try {
      await takeName(files, from, path);
      return path;
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
      // A crash between link and unlink leaves both names: this time the move is finished.
      // A symbolic link to the file is another file: it would lead nowhere after the move.
      if (isSameFile(await files.lstat(from), await files.lstat(path))) return path;
    }
  }
}

async function copyAcross(files: FileLayer, from: string, to: string): Promise<string> {
  const part = await copyToPart(files, from, to);
  try {
    return await takeFreeName(files, part, to);
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
  return isSameFile(await files.stat(dirname(one)), await files.stat(dirname(other)));
}

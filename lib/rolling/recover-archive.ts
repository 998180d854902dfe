import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

import type { SkippedDamage } from '../codec/skipped-damage.js';
import { LARGEST_RECORD_BYTES } from '../format/limits.js';
import type { FileLayer, FileStatus, OpenFile } from '../storage/file-layer.js';
import { findFile } from '../storage/find-file.js';
import { systemCodeOf } from '../storage/system-error.js';
import { takeName, unlinkIfThere } from '../storage/take-name.js';
import { writeAll } from '../storage/write-all.js';
import { alternativeName } from './alternative-name.js';
import {
  baseNameOf,
  isReadableName,
  OPEN_SUFFIX,
  RECOVERED_SUFFIX,
  STALE_SUFFIX,
  TORN_INFIX,
} from './archive-state.js';
import type { ArchiveTemplate } from './archive-template.js';
import { readChunks } from './open-archive.js';
import { repairArchive } from './repair-archive.js';

/** An archive that its writer left open, and that is sealed now. */
export interface RecoveredArchive {
  readonly path: string;
  readonly name: string;
  readonly bytes: number;
  readonly records: number;
  /** What was no archive, and is kept aside: for each stretch a file `NAME.torn-OFFSET`. */
  readonly damage: readonly SkippedDamage[];
}

/**
 * Recovers `NAME.open`, or the `NAME.stale` that an earlier attempt left, whose lease the caller has: all
 * valid frames are copied to a new file, which is sealed under the archive's name; the rest is kept as
 * `NAME.torn-OFFSET`. Each step lasts before the next, and can be made again after a crash.
 *
 * The old file is renamed before it is read. Its writer, if it lives and only stalled, sees that before it
 * promises anything more.
 *
 * @param base the archive's path without the suffix of its state
 * @returns null where there was no record in it
 * @throws what the system calls throw, with everything left as it is
 */
export async function recoverArchive(
  base: string,
  template: ArchiveTemplate,
  files: FileLayer,
): Promise<RecoveredArchive | null> {
  const stale = base + STALE_SUFFIX;
  // What an earlier attempt left comes first: its name is not to be taken from it.
  if ((await findFile(stale, files)) === null) {
    const open = await findFile(base + OPEN_SUFFIX, files);
    if (open === null) return null;
    if (await isSealed(open, dirname(base), files)) {
      // A crash came between its two names.
      await files.unlink(base + OPEN_SUFFIX);
      await files.syncDirectory(dirname(base));
      return null;
    }
    await files.rename(base + OPEN_SUFFIX, stale);
    await files.syncDirectory(dirname(base));
  }
  return copyStale(base, stale, template, files);
}

/** Whether the open file has a name without `.open`, too; which one, only its content may tell. */
async function isSealed(open: FileStatus, directory: string, files: FileLayer): Promise<boolean> {
  if (open.nlink < 2) return false;
  for (const { name } of await files.readdir(directory)) {
    const found = await findFile(join(directory, name), files);
    const isSame = found?.ino === open.ino && found.dev === open.dev;
    if (isSame && baseNameOf(name) === name && isReadableName(name)) return true;
  }
  return false;
}

async function copyStale(
  base: string,
  stale: string,
  template: ArchiveTemplate,
  files: FileLayer,
): Promise<RecoveredArchive | null> {
  // Under a name of its own first: only its content tells what it is to be called.
  const copy = base + RECOVERED_SUFFIX;
  await unlinkIfThere(files, copy);
  await unlinkIfThere(files, `${copy}.part`);
  const { bytes, damage, records, sha256 } = await repairArchive(stale, copy, {
    files,
    // The writer may have taken larger records than readers do unless they are told.
    maxRecordBytes: LARGEST_RECORD_BYTES,
  });
  for (const stretch of damage) await keepAside(stale, base, stretch, files);
  let recovered: RecoveredArchive | null = null;
  if (records > 0) {
    const times = { firstTimeMicros: null, lastTimeMicros: null };
    const wanted = template.sealedName(basename(base), { sha256, records, ...times });
    const name = await giveName(copy, dirname(base), wanted, sha256, files);
    recovered = { path: join(dirname(base), name), name, bytes, records, damage };
  }
  await unlinkIfThere(files, copy);
  await files.syncDirectory(dirname(base));
  await files.unlink(stale);
  await files.syncDirectory(dirname(base));
  return recovered;
}

/** The first name that is free, or that an earlier attempt has given to the same content. */
async function giveName(
  copy: string,
  directory: string,
  wanted: string,
  sha256: string,
  files: FileLayer,
): Promise<string> {
  for (let n = 0; ; n++) {
    const name = n === 0 ? wanted : alternativeName(wanted, n);
    const path = join(directory, name);
    try {
      await takeName(files, copy, path);
      return name;
    } catch (error) {
      if (systemCodeOf(error) !== 'EEXIST') throw error;
      if ((await sha256Of(path, files)) === sha256) return name;
    }
  }
}

/** Bytes that are no archive are not deleted: somebody may make something of them. */
async function keepAside(
  stale: string,
  base: string,
  { begin, end }: SkippedDamage,
  files: FileLayer,
): Promise<void> {
  const name = `${basename(base)}${TORN_INFIX}${begin}`;
  const partial = join(dirname(base), `${name}.part`);
  await unlinkIfThere(files, partial);
  const target = await files.open(partial, 'wx');
  try {
    await copyBytes(stale, begin, end, target, files);
    await target.sync();
  } finally {
    await target.close();
  }
  await giveName(partial, dirname(base), name, await sha256Of(partial, files), files);
  await unlinkIfThere(files, partial);
}

async function copyBytes(
  path: string,
  begin: number,
  end: number,
  target: OpenFile,
  files: FileLayer,
): Promise<void> {
  const source = await files.open(path, 'r');
  try {
    let position = 0;
    for await (const chunk of readChunks(source, path)) {
      const part = chunk.subarray(Math.max(begin - position, 0), Math.max(end - position, 0));
      if (part.length > 0) await writeAll(target, part, Math.max(position - begin, 0));
      position += chunk.length;
    }
  } finally {
    await source.close();
  }
}

async function sha256Of(path: string, files: FileLayer): Promise<string> {
  const hash = createHash('sha256');
  const file = await files.open(path, 'r');
  try {
    for await (const chunk of readChunks(file, path)) hash.update(chunk);
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

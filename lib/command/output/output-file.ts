import { randomBytes } from 'node:crypto';
import { link, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';

import type { ValuesOf } from '../options/option.js';
import type { OVERWRITE_OPTIONS } from '../options/shared-options.js';
import { systemCodeOf } from '../options/system-code.js';
import { UsageError } from '../options/usage-error.js';
import { escapeName } from './escape-name.js';
import { findFile } from './find-file.js';
import type { Terminal } from './terminal.js';

/**
 * Checks an output before any work is done, and says if a file will be replaced.
 *
 * @returns false for a dry run, which ends here
 * @throws UsageError if there is one already, without `--force`; Error if its directory is missing
 */
export async function prepareOutput(
  path: string,
  { dryRun, force }: ValuesOf<typeof OVERWRITE_OPTIONS>,
  terminal: Terminal,
): Promise<boolean> {
  const status = await findFile(path);
  const isThere = status !== undefined;
  // Renaming over a device, such as /dev/null, would replace it.
  if (isThere && !status.isFile()) throw new UsageError(`${path} is there, and is not a file`);
  if (isThere && !force) throw new UsageError(`${path} exists: give --force to replace it`);
  await checkParent(path);
  const line = `${isThere ? 'replace' : 'write'} ${escapeName(path)}`;
  if (dryRun) await terminal.printLine(`would ${line}`);
  else if (isThere) terminal.note(line);
  return !dryRun;
}

/** @throws Error if a file could not be created because its directory is missing */
export async function checkParent(path: string): Promise<void> {
  const directory = dirname(path);
  const status = await findFile(directory);
  if (status?.isDirectory()) return;
  const problem = status === undefined ? 'does not exist' : 'is not a directory';
  throw new Error(`cannot write ${path}: ${directory} ${problem}`);
}

/** @throws Error if nothing can be appended to a file: it is a directory, or its own one is missing */
export async function checkAppendable(path: string): Promise<void> {
  const status = await findFile(path);
  if (status?.isDirectory()) throw new Error(`cannot write ${path}: it is a directory`);
  if (status === undefined) await checkParent(path);
}

/** @throws Error if there is something else than a directory */
export async function checkFolder(path: string): Promise<void> {
  const status = await findFile(path);
  if (status !== undefined && !status.isDirectory()) throw new Error(`${path} is not a directory`);
}

/**
 * Writes a file that appears under its name only when it is complete.
 *
 * @param isForced whether to replace a file that is there
 * @returns its size
 * @throws what reading the content throws, and Node's error of a call that failed
 */
export async function writeOutput(
  path: string,
  content: Readable,
  isForced: boolean,
): Promise<number> {
  // Not the process id, which a container repeats: a killed run may have left such a file.
  const temporary = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      // Writes from where the last chunk ended.
      for await (const chunk of content) await file.writeFile(chunk);
      await file.sync();
    } finally {
      await file.close();
    }
    const { size } = await stat(temporary);
    await putInPlace(temporary, path, isForced);
    return size;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function putInPlace(temporary: string, path: string, isForced: boolean): Promise<void> {
  if (isForced) {
    await rename(temporary, path);
  } else {
    // Unlike `rename`, `link` never replaces a file that has appeared meanwhile.
    await link(temporary, path).catch(async (error: unknown) => {
      const isTaken = systemCodeOf(error) === 'EEXIST' || (await findFile(path)) !== undefined;
      if (isTaken) throw error;
      await rename(temporary, path);
    });
  }
  const directory = await open(dirname(path), 'r');
  try {
    await directory.sync();
  } catch {
    // Some file systems cannot sync a directory; the file itself is safe.
  } finally {
    await directory.close();
  }
}

import { link, mkdtemp, open, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { formatBytes } from '../output/quantities.js';
import { type CheckResult, check } from './check.js';

/** With less free space than this, a store that is away soon fills the disk. */
const LITTLE_BYTES = 2 ** 30;

/** Tries what a writer needs of its directory, in a folder that is removed afterwards. */
export async function* checkDirectory(directory: string): AsyncGenerator<CheckResult> {
  let folder = '';
  const created = await check('directory: create files', async () => {
    folder = await mkdtemp(join(directory, '.shoebox-doctor-'));
    await writeFile(join(folder, 'a'), 'shoebox');
    return { found: 'works' };
  });
  yield created;
  if (created.status === 'failed') return;
  const [a, b] = [join(folder, 'a'), join(folder, 'b')];
  try {
    yield await check('directory: fsync a file', async () => {
      const begunMs = performance.now();
      const file = await open(a, 'r+');
      try {
        await file.sync();
      } finally {
        await file.close();
      }
      const ms = performance.now() - begunMs;
      return { found: `works, ${ms.toFixed(1)} ms` };
    });
    yield await check('directory: fsync the directory', async () => {
      const opened = await open(folder, 'r');
      try {
        await opened.sync();
        return { found: 'works' };
      } catch (error) {
        const found = error instanceof Error ? error.message : String(error);
        const advice = 'a power loss may take the names of the latest archives';
        return { status: 'warning', found, advice };
      } finally {
        await opened.close();
      }
    });
    yield await check('directory: hard links', async () => {
      try {
        await link(a, b);
        return { found: 'works' };
      } catch (error) {
        const found = error instanceof Error ? error.message : String(error);
        return { status: 'warning', found, advice: 'let only one writer use the directory' };
      }
    });
    yield await check('directory: rename', async () => {
      await rename(a, join(folder, 'c'));
      return { found: 'works' };
    });
    yield await check('directory: free space', async () => {
      const { bavail, bsize } = await statfs(directory);
      const free = bavail * bsize;
      if (free >= LITTLE_BYTES) return { found: formatBytes(free) };
      return {
        status: 'warning',
        found: formatBytes(free),
        advice: 'limit the spool with --max-spool',
      };
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

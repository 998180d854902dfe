import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, link, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';

import { createArchiveWriter } from 'shoebox-archive';

import type { BenchCase, CaseSetup } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import type { MadeArchive } from '../make-shipped.js';
import { peakMemory } from '../peak-memory.js';

/** Longer than any round takes. */
const TIMEOUT = '1h';

/** Ships a sealed archive to a directory as a writer does: compress, sync, confirm, delete. */
export const shipShoebox: BenchCase = async (setup) => {
  const { directory } = setup;
  const archive = await makeArchive(setup);
  const [spool, to] = [join(directory, 'spool'), join(directory, 'store')];
  const backup = join(directory, 'backup');
  // The same file each time, so that its journal is valid and the shipper need not read it first.
  await link(archive.path, backup);
  await copyFile(`${archive.path}.journal`, `${backup}.journal`);
  return {
    async reset() {
      await Promise.all([emptyDirectory(spool), emptyDirectory(to)]);
      await link(backup, archive.path);
      await copyFile(`${backup}.journal`, `${archive.path}.journal`);
    },
    async run() {
      const value = await peakMemory(async () => {
        const ship = { to, endTimeout: TIMEOUT };
        const { left } = await createArchiveWriter({ directory: spool, ship }).close();
        if (left.length > 0 || (await readdir(to)).length !== 1) throw new Error('not shipped');
      });
      return { records: archive.records, bytes: archive.bytes, value };
    },
  };
};

/** Compresses the same archive with one stream of zlib into a file, and syncs it. */
export const shipGzip: BenchCase = async (setup) => {
  const archive = await makeArchive(setup);
  const target = join(setup.directory, 'archive.gz');
  return {
    reset: () => rm(target, { force: true }),
    async run() {
      const value = await peakMemory(() => compress(archive.path, target));
      return { records: archive.records, bytes: archive.bytes, value };
    },
  };
};

/** Another process makes the archive, so that its memory does not count. */
async function makeArchive({ directory, input, scale }: CaseSetup): Promise<MadeArchive> {
  const maker = fileURLToPath(new URL('../make-shipped.js', import.meta.url));
  const child = fork(maker, [directory, input, String(scale)]);
  const [archive] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (typeof archive !== 'object') throw new Error(`the archive was not made: ${archive}`);
  if (child.exitCode === null) await once(child, 'exit');
  return archive;
}

async function compress(source: string, target: string): Promise<void> {
  const output = createWriteStream(target, { flags: 'wx', flush: true });
  await pipeline(createReadStream(source), createGzip({ level: 6 }), output);
}

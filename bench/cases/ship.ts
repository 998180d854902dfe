import { createReadStream, createWriteStream } from 'node:fs';
import { copyFile, link, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

import { createArchiveWriter, rollNever, type ShippedArchive } from 'shoebox-archive';

import type { BenchCase, CaseSetup } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { inputOf, loadInput } from '../inputs/input.js';
import { peakMemory } from '../peak-memory.js';
import { unsyncedFiles } from '../unsynced-files.js';
import { writeSeries } from '../write-series.js';

const ARCHIVE_BYTES = 2 * 2 ** 30;

/** Longer than any of it takes. */
const TIMEOUT = '1h';

/** A sealed archive to a directory, as a writer ships it: compressed, synced, confirmed, deleted. */
export const shipShoebox: BenchCase = async (setup) => {
  const { directory } = setup;
  const archive = await makeArchive(setup);
  const [spool, to] = [join(directory, 'spool'), join(directory, 'store')];
  const backup = join(directory, 'backup');
  // The same file, so that its journal knows it, and nobody has to read it before it is sent.
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

/** The same archive through one stream of zlib's into a file, which is synced. */
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

/** Writes an archive, and ships it once, so that there is a journal. */
async function makeArchive({ directory, input: name, scale }: CaseSetup): Promise<ShippedArchive> {
  const sample = await loadInput(name, 0.01);
  const count = Math.ceil((ARCHIVE_BYTES * scale * sample.count) / sample.bytes);
  const [spool, to] = [join(directory, 'spool'), join(directory, 'store')];
  await Promise.all([emptyDirectory(spool), emptyDirectory(to)]);
  const input = inputOf(name, sample.distinct, count);
  await writeSeries(spool, input, { roll: rollNever(), sync: 'no', files: unsyncedFiles });
  const writer = createArchiveWriter({
    directory: spool,
    ship: { to, localFile: 'keep', endTimeout: TIMEOUT },
  });
  const shipped: ShippedArchive[] = [];
  writer.on('shipped', (archive) => shipped.push(archive));
  await writer.close();
  const [archive] = shipped;
  if (archive === undefined) throw new Error('no archive was shipped');
  return archive;
}

async function compress(source: string, target: string): Promise<void> {
  const output = createWriteStream(target, { flags: 'wx', flush: true });
  await pipeline(createReadStream(source), createGzip({ level: 6 }), output);
}

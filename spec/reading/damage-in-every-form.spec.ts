import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';
import fc from 'fast-check';

import { nodeZstd } from '../../lib/codec/compression/zstd/node-zstd.js';
import type { SkippedDamage } from '../../lib/codec/frames/skipped-damage.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { verifyArchive } from '../../lib/reading/verifying/verify-archive.js';
import { SeekableGzip } from '../../lib/streams/compression/seekable-gzip.js';
import {
  EARLIER_ARCHIVE,
  flipBit,
  STRANGE_ARCHIVE,
  sampleVersion2,
} from '../support/damaged-archive.js';
import { runs } from '../support/sampled.js';
import { TemporaryDirectories } from '../support/series.js';
import { compressZstd } from '../support/zstd-tools.js';

/** An archive whose payloads hold archives. */
const SAMPLE = sampleVersion2().bytes;

const FILES = [
  SAMPLE,
  Buffer.concat([SAMPLE, STRANGE_ARCHIVE]),
  Buffer.concat([STRANGE_ARCHIVE, SAMPLE]),
  Buffer.concat([EARLIER_ARCHIVE, SAMPLE]),
  Buffer.concat([SAMPLE, EARLIER_ARCHIVE]),
];

describe('a damaged archive', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  it('gives the same records and damage whether it is plain, gzip, seekable gzip or zstd', async () => {
    const directory = await directories.make();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...FILES),
        fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
        async (bytes, bits) => {
          // Not in the first byte, which shows what kind of archive it is.
          const flip = (file: Buffer, bit: number) =>
            flipBit(file, 8 + (bit % (8 * file.length - 8)));
          const damaged = bits.reduce(flip, bytes);
          const forms: ReadonlyArray<readonly [name: string, file: Buffer]> = [
            ['a.events', damaged],
            ['b.events.gz', gzipSync(damaged)],
            ['c.events.gz', await compress(damaged)],
            ...(nodeZstd === null ? [] : [['d.events.zst', await compressZstd(damaged)] as const]),
          ];
          const paths = forms.map(([name]) => join(directory, name));
          for (const [name, file] of forms) await writeFile(join(directory, name), file);
          const [plain, ...others] = await Promise.all(paths.map(read));
          for (const other of others) expect(other).to.deep.equal(plain);
          for (const path of paths) {
            const { damage } = await verifyArchive(path);
            expect(damage.map(valuesOf)).to.deep.equal(plain?.damage);
          }
        },
      ),
      { numRuns: runs(20, 60) },
    );
  });
});

async function compress(bytes: Buffer): Promise<Buffer> {
  const gzip = new SeekableGzip({ memberBytes: 1024 });
  gzip.end(bytes);
  return Buffer.concat(await gzip.toArray());
}

async function read(path: string) {
  const reader = createArchiveReader(path, { whenDamaged: 'skip' });
  const damage: unknown[] = [];
  reader.on('damage', (skipped) => damage.push(valuesOf(skipped)));
  const records: unknown[] = [];
  for await (const { sequence, writer } of reader) records.push([writer, sequence]);
  return { records, damage };
}

function valuesOf({ begin, end, reason, recordsLost }: SkippedDamage) {
  return [reason, begin, end, recordsLost];
}

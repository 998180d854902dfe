import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import {
  createArchiveReader,
  createArchiveWriter,
  DirectoryStore,
  type FileLayer,
  type RollingReadOptions,
  rollByCount,
  type SeriesPatterns,
} from '../../lib/index.js';
import { FaultyStore } from '../support/faulty-store.js';
import { compressAll } from '../support/gzip-tools.js';
import { TemporaryDirectories } from '../support/series.js';
import { withFile } from '../support/with-file.js';

const ARCHIVES = 20;
const RECORDS_PER_ARCHIVE = 200;
const RECORD_BYTES = 1000;
const ARCHIVE_BYTES = RECORDS_PER_ARCHIVE * RECORD_BYTES;

/** The head of an archive, and its index with what is read beside it. */
const HEAD_BYTES = 4096;
const INDEX_BYTES = 4096;
/** From a store, the end of an object is read with the index. */
const TAIL_BYTES = 64 * 1024;

describe('reading after a cursor', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let cursors: string[];
  let bytesRead: number;
  let files: FileLayer;

  before(async () => {
    directory = await directories.make();
    const writer = createArchiveWriter({
      directory,
      roll: rollByCount(RECORDS_PER_ARCHIVE),
      blockBytes: '16 KiB',
    });
    let n = 0;
    const payload = () => `${n++} `.repeat(RECORD_BYTES).slice(0, RECORD_BYTES);
    for (let i = 0; i < ARCHIVES; i++) {
      for (let j = 0; j < RECORDS_PER_ARCHIVE; j++) {
        await writer.ready();
        writer.append({ payload: payload() });
      }
    }
    await writer.close();
    cursors = [];
    for await (const records of createArchiveReader(directory).batches()) {
      cursors.push(...records.map((record) => record.cursor ?? ''));
    }
  });

  after(() => directories.remove());

  beforeEach(() => {
    bytesRead = 0;
    files = withFile((file) => ({
      async read(bytes, offset, length, position) {
        const result = await file.read(bytes, offset, length, position);
        bytesRead += result.bytesRead;
        return result;
      },
    }));
  });

  /** After the middle of archive 15. */
  const middle = () => cursors[15.5 * RECORDS_PER_ARCHIVE - 1] ?? '';
  const restBytes = 4.5 * ARCHIVE_BYTES;
  /** The bytes that may be read beside the blocks after the cursor: part of a block, and the last indexes. */
  const slackBytes = 5 * INDEX_BYTES + 64 * 1024;

  async function countAfter(patterns: SeriesPatterns, options?: RollingReadOptions) {
    let count = 0;
    for await (const _ of createArchiveReader(patterns, { files, after: middle(), ...options }))
      count++;
    return count;
  }

  it('reads heads and indexes of local archives before it', async () => {
    expect(await countAfter(directory)).to.equal(4.5 * RECORDS_PER_ARCHIVE);
    const most = restBytes + slackBytes + 15 * HEAD_BYTES;
    expect(bytesRead).to.be.lessThan(most);
  });

  it('reads the headers of blocks in an archive without an index', async () => {
    const [name = ''] = (await readdir(directory)).sort();
    const open = join(await directories.make(), 'a.events.open');
    const bytes = await readFile(join(directory, name));
    await writeFile(open, bytes.subarray(0, 10 * 16_500));
    const marks: string[] = [];
    for await (const record of createArchiveReader(open)) marks.push(record.cursor ?? '');
    const after = marks.at(-5);
    let count = 0;
    for await (const _ of createArchiveReader(open, { files, after })) count++;
    expect(count).to.equal(4);
    expect(bytesRead).to.be.lessThan(HEAD_BYTES + 4 * 16_500);
  });

  for (const [kind, compress] of [
    ['uncompressed', async (bytes: Buffer) => bytes],
    ['seekable gzip', async (bytes: Buffer) => await compressAll(bytes)],
  ] as const) {
    it(`reads the ends of objects before it: ${kind}`, async () => {
      const store = new FaultyStore(new DirectoryStore(await directories.make()));
      let total = 0;
      for (const name of (await readdir(directory)).sort()) {
        const bytes = await compress(await readFile(join(directory, name)));
        total += bytes.length;
        const key = kind === 'uncompressed' ? name : `${name}.gz`;
        await store.put(key, Readable.from([bytes], { objectMode: false }));
      }
      expect(await countAfter({ store, pattern: '**' })).to.equal(4.5 * RECORDS_PER_ARCHIVE);
      const rest = (total / ARCHIVES) * 5;
      // The names give the order: a few heads show where to begin.
      expect(store.bytesRead).to.be.lessThan(rest + 5 * (HEAD_BYTES + TAIL_BYTES));
      expect(store.gets.length + store.heads.length).to.be.lessThan(25);
    });
  }

  it('reads everything of an archive that another program has compressed', async () => {
    const other = await directories.make();
    const [name = ''] = (await readdir(directory)).sort();
    await writeFile(join(other, `${name}.gz`), gzipSync(await readFile(join(directory, name))));
    let count = 0;
    for await (const _ of createArchiveReader(other, { after: cursors[9] ?? '' })) count++;
    expect(count).to.equal(RECORDS_PER_ARCHIVE - 10);
  });
});

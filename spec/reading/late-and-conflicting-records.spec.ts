import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { ConflictError, type SequenceConflict } from '../../lib/errors/conflict-error.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import type { LateRecords } from '../../lib/reading/sequences/sequence-ledger.js';
import { verifyArchive } from '../../lib/reading/verifying/verify-archive.js';
import { verifyArchives } from '../../lib/reading/verifying/verify-archives.js';
import { forgeBody, forgeFrame, forgeRecord } from '../support/forge-frame.js';
import { encodeUnsealed, numbered, TemporaryDirectories } from '../support/series.js';

const P1 = readFileSync(
  join(import.meta.dirname, '../fixtures/cases/p1-concatenated-newer-first.events'),
);

const WRITER = 'a'.repeat(16);

describe('a record is passed over only if its identity was read before', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  async function put(name: string, ...bytes: Buffer[]): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, Buffer.concat(bytes));
    return path;
  }

  async function read(pattern: string | string[], whenDamaged: 'error' | 'skip' = 'error') {
    const late: LateRecords[] = [];
    const gaps: [number, number][] = [];
    const conflicts: SequenceConflict[] = [];
    const sequences: (number | undefined)[] = [];
    const reader = createArchiveReader(pattern, { whenDamaged });
    reader.on('late', (records) => late.push(records));
    reader.on('gap', ({ from, to }) => gaps.push([from, to]));
    if (whenDamaged === 'skip') reader.on('conflict', (conflict) => conflicts.push(conflict));
    let error: unknown;
    try {
      for await (const { sequence } of reader) sequences.push(sequence);
    } catch (failure) {
      error = failure;
    }
    return { conflicts, error, gaps, late, sequences };
  }

  function blocks(from: number, count: number): Buffer {
    return encodeUnsealed(
      Array.from({ length: count }, (_, i) => `${from + i}`),
      { sequence: from, time: from },
    );
  }

  function forged(sequence: bigint, payload = 'forged'): Buffer {
    return forgeFrame(forgeBody(forgeRecord(payload)), { writer: WRITER, sequence });
  }

  for (const [form, pack] of [
    ['plain', (bytes: Buffer) => bytes],
    ['gzip', (bytes: Buffer) => gzipSync(bytes)],
  ] as const) {
    it(`p1: reads the older archive after the newer one in one file, ${form}`, async () => {
      const path = await put(form === 'gzip' ? 'p1.events.gz' : 'p1.events', pack(P1));
      const { error, late, sequences } = await read(path);
      expect(error).to.equal(undefined);
      expect(sequences).to.deep.equal([2, 0, 1]);
      const blocksOfOlder = [
        [0, 1],
        [1, 2],
      ];
      expect(late.map(({ from, to }) => [from, to])).to.deep.equal(blocksOfOlder);
      expect(late[0]).to.include({ archive: path, isEmitted: true });
      const report = await verifyArchive(path);
      expect(report.records).to.equal(sequences.length);
      expect(report.late.map(({ from, to }) => [from, to])).to.deep.equal(blocksOfOlder);
      expect(report.gaps).to.deep.equal([]);
    });
  }

  it('warns the process of late records that no listener hears of', async () => {
    const path = await put('p1.events', P1);
    const warned = once(process, 'warning');
    expect(await createArchiveReader(path).toArray()).to.have.length(3);
    const [warning] = await warned;
    expect(warning).to.have.property('code', 'SHOEBOX_LATE');
  });

  it('reads overlapping files once, and fills the hole of an earlier file', async () => {
    await put('a.events', blocks(0, 10), blocks(20, 10));
    await put('b.events', blocks(5, 20));
    const { error, late, sequences } = await read(join(directory, '*.events'));
    expect(error).to.equal(undefined);
    expect([...sequences].sort((a = 0, b = 0) => a - b)).to.deep.equal([...Array(30).keys()]);
    expect(late.map(({ from, to }) => [from, to])).to.deep.equal([[10, 20]]);
    const { archives } = await verifyArchives(join(directory, '*.events'));
    expect(archives.map(({ gaps }) => gaps.length)).to.deep.equal([1, 0]);
  });

  it('reads an archive that is listed twice, or is twice in one file, once', async () => {
    const path = await put('a.events', blocks(0, 4), blocks(4, 4), blocks(0, 4), blocks(4, 4));
    const copy = await put('b.events', blocks(0, 4), blocks(4, 4));
    const { error, late, sequences } = await read([path, path, copy]);
    expect({ error, late }).to.deep.equal({ error: undefined, late: [] });
    expect(sequences).to.deep.equal([...Array(8).keys()]);
    const { repeated } = await verifyArchive(path);
    expect(repeated.map(({ from, to }) => [from, to])).to.deep.equal([
      [0, 4],
      [4, 8],
    ]);
  });

  for (const name of ['0-first.events', 'z-last.events']) {
    it(`reports a forged identity, and hides no other record, in ${name}`, async () => {
      const count = 2000;
      await put('genuine.events', encodeUnsealed(numbered('r', count), { blockBytes: 1024 }));
      const path = await put(name, forged(0n), forged(2n ** 52n));
      const failed = await read(join(directory, '*.events'));
      expect(failed.error).to.be.instanceOf(ConflictError);
      expect(failed.error).to.include({ code: 'ERR_ARCHIVE_CONFLICT', writer: WRITER, from: 0 });
      const skipped = await read(join(directory, '*.events'), 'skip');
      expect(skipped.error).to.equal(undefined);
      expect(skipped.conflicts.map(({ from, to }) => [from, to])).to.deep.equal([[0, 1]]);
      expect(new Set(skipped.sequences).size).to.equal(count + 1);
      expect(skipped.sequences).to.have.length(count + 1);
      const { problems } = await verifyArchives(join(directory, '*.events'));
      expect(problems.map(({ kind }) => kind)).to.include('conflict');
      expect(path).to.be.oneOf(skipped.conflicts.flatMap(({ archive, other }) => [archive, other]));
    });
  }

  it('reports two different records of one identity within one file', async () => {
    const path = await put('a.events', blocks(0, 3), forged(1n));
    expect((await read(path)).error).to.be.instanceOf(ConflictError);
    const report = await verifyArchive(path);
    expect(report.conflicts.map(({ from, to }) => [from, to])).to.deep.equal([[1, 2]]);
    expect(report.isIntact).to.equal(false);
  });

  it('verifies a record with the last possible sequence as a reader reads it', async () => {
    const path = await put('a.events', forged(2n ** 53n - 1n), forged(0n));
    const { late, sequences } = await read(path);
    expect(sequences).to.deep.equal([2 ** 53 - 1, 0]);
    const found = late.map(({ from, to, writer }) => ({ from, to, writer }));
    expect((await verifyArchive(path)).late).to.deep.equal(found);
    expect(found).to.have.length(1);
  });

  it('reports a record whose CRC-32 is that of the one it replaces', async () => {
    const genuine = blocks(0, 2);
    const [one, other] = ['codding', 'gnu'];
    expect(crc32(one)).to.equal(crc32(other));
    await put('a.events', forged(5n, one), genuine);
    await put('b.events', forged(5n, other));
    const { error } = await read(join(directory, '*.events'));
    expect(error).to.be.instanceOf(ConflictError);
  });
});

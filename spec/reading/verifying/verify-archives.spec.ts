import { createHash } from 'node:crypto';
import { mkdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { NoArchivesError } from '../../../lib/errors/no-archives-error.js';
import { verifyArchives } from '../../../lib/reading/verifying/verify-archives.js';
import { DirectoryStore } from '../../../lib/stores/directory/directory-store.js';
import { openStore } from '../../../lib/stores/open-store.js';
import { rollByCount } from '../../../lib/writing/policies/roll-policies.js';
import { RollingWriteStream } from '../../../lib/writing/rolling-write-stream.js';
import { flipBit, OTHER_WRITER_ID, sealArchive } from '../../support/damaged-archive.js';
import { encodeJsonLines, encodeVersion1, WRITER_ID } from '../../support/encode-archive.js';
import { startS3 } from '../../support/s3-server.js';
import { type ScratchDirectory, withScratch } from '../../support/scratch-directory.js';
import { rejection } from '../../support/store-tools.js';

const NONE = Buffer.alloc(0);
const WRITER = WRITER_ID.toString('hex');

/** A chain of archives of one writer, with two blocks each. */
function chainOf(count: number, writerId = WRITER_ID): Buffer[] {
  const archives: Buffer[] = [];
  for (let ordinal = 0; ordinal < count; ordinal++) {
    const previous = archives.at(-1);
    const { bytes } = sealArchive([[{ payload: 'a' }, { payload: 'b' }], [{ payload: 'c' }]], {
      ...{ writerId, ordinal, sequence: 3 * ordinal, writerEnded: ordinal === count - 1 },
      ...(previous && { previousSha256: createHash('sha256').update(previous).digest() }),
    });
    archives.push(bytes);
  }
  return archives;
}

const [FIRST = NONE, SECOND = NONE, THIRD = NONE, LAST = NONE] = chainOf(4);

/** Verifies a series of files, which are given by name. */
async function verify(
  archives: Readonly<Record<string, Uint8Array>>,
  change?: (scratch: ScratchDirectory) => Promise<void>,
) {
  let result: Awaited<ReturnType<typeof verifyArchives>> | undefined;
  await withScratch(async (scratch) => {
    for (const [name, bytes] of Object.entries(archives)) await scratch.put(name, bytes);
    await change?.(scratch);
    result = await verifyArchives(scratch.path);
  });
  if (result === undefined) throw new Error('nothing was verified');
  const problems = result.problems.map(({ kind, archive, ordinal }) => {
    return [kind, archive?.split('/').at(-1), ordinal];
  });
  for (const { message, archive } of result.problems) expect(message).to.include(archive ?? WRITER);
  return { ...result, found: problems };
}

describe('verifyArchives', () => {
  it('finds a series complete, whatever the state of its archives', async () => {
    const others = chainOf(1, OTHER_WRITER_ID);
    const { verdict, archives, problems } = await verify({
      a1: FIRST,
      'a2.gz': gzipSync(SECOND),
      a10: LAST,
      a3: THIRD,
      b: others[0] ?? FIRST,
      'c.jsonl': encodeJsonLines(['1']),
      'd.v1': encodeVersion1(['1']),
    });
    expect(problems).to.deep.equal([]);
    expect(verdict).to.equal('complete');
    const names = archives.map(({ archive }) => archive.split('/').at(-1));
    expect(names).to.deep.equal(['a1', 'a2.gz', 'a3', 'a10', 'b', 'c.jsonl', 'd.v1']);
  });

  it('finds a series complete if archives were concatenated or exist twice', async () => {
    const all = Buffer.concat([FIRST, SECOND]);
    expect(await verify({ all, c: THIRD, d: LAST, e: LAST })).to.include({ verdict: 'complete' });
  });

  const incomplete: ReadonlyArray<
    readonly [
      what: string,
      archives: Record<string, Uint8Array>,
      problems: ReadonlyArray<
        readonly [kind: string, archive: string | undefined, ordinal: number | undefined]
      >,
    ]
  > = [
    ['the first is missing', { b: SECOND, c: THIRD, d: LAST }, [['missing', undefined, 0]]],
    [
      'two are missing in the middle',
      { a: FIRST, d: LAST },
      [
        ['missing', undefined, 1],
        ['missing', undefined, 2],
      ],
    ],
    [
      'one is not the one that the next one names',
      {
        a: sealArchive([[{ payload: 'a' }, { payload: 'b' }, { payload: 'forged' }]], {
          writerEnded: false,
        }).bytes,
        b: SECOND,
        c: THIRD,
        d: LAST,
      },
      [['altered', 'a', 0]],
    ],
    [
      'one exists with two contents',
      {
        a: FIRST,
        b: SECOND,
        c: THIRD,
        d: LAST,
        e: sealArchive([[{ payload: 'e' }]], { ordinal: 3 }).bytes,
      },
      [['altered', 'e', 3]],
    ],
    [
      'a block is damaged',
      { a: FIRST, b: flipBit(SECOND, 8 * 70), c: THIRD, d: LAST },
      [['damaged', 'b', 1]],
    ],
    [
      'one was cut off',
      { a: FIRST, b: SECOND.subarray(0, 100), c: THIRD, d: LAST },
      [
        ['damaged', 'b', undefined],
        ['unfinished', 'b', undefined],
      ],
    ],
    [
      'the last is open',
      { a: FIRST, b: SECOND, c: THIRD, 'd.open': LAST.subarray(0, 100) },
      [['unfinished', 'd.open', undefined]],
    ],
    [
      'one is empty',
      { a: FIRST, b: SECOND, c: THIRD, d: LAST, e: Buffer.alloc(0) },
      [['unfinished', 'e', undefined]],
    ],
    [
      'JSON lines are still being written',
      { 'a.open': encodeJsonLines(['1']) },
      [['unfinished', 'a.open', undefined]],
    ],
    ['a line is damaged', { a: Buffer.from('1\n\xff\n', 'latin1') }, [['damaged', 'a', undefined]]],
    [
      'the first names one before it',
      { a: sealArchive([[{ payload: 'x' }]], { previousSha256: Buffer.alloc(32, 7) }).bytes },
      [['altered', 'a', 0]],
    ],
    [
      'records are missing before the first',
      { a: sealArchive([[{ payload: 'x' }]], { sequence: 5 }).bytes },
      [['missing', 'a', 0]],
    ],
    [
      'one follows the end of its writer',
      {
        a: sealArchive([[{ payload: 'x' }]]).bytes,
        b: sealArchive([[{ payload: 'y' }]], {
          ...{ sequence: 1, ordinal: 1 },
          previousSha256: createHash('sha256')
            .update(sealArchive([[{ payload: 'x' }]]).bytes)
            .digest(),
        }).bytes,
      },
      [['altered', 'a', 0]],
    ],
  ];
  for (const [what, archives, problems] of incomplete) {
    it(`finds that ${what}`, async () => {
      const { verdict, found } = await verify(archives);
      expect(found).to.deep.equal(problems);
      expect(verdict).to.equal('incomplete');
    });
  }

  /**
   * An archive of the chain from record 3 × `at` on, by a writer that did not know the previous
   * one.
   */
  const recovered = (at: number, ordinal?: number) =>
    sealArchive([[{ payload: 'a' }, { payload: 'b' }], [{ payload: 'c' }]], {
      ...{ sequence: 3 * at, ordinal, isOrdinalKnown: ordinal !== undefined, writerEnded: false },
    }).bytes;

  it('orders an archive without an ordinal or a previous digest by its sequences', async () => {
    const last = sealArchive([[{ payload: 'z' }]], { sequence: 6, ordinal: 2 }).bytes;
    for (const second of [recovered(1), recovered(1, 1)]) {
      expect((await verify({ a: FIRST, b: second, c: last })).found).to.deep.equal([]);
    }
    const jumping = sealArchive([[{ payload: 'z' }]], { sequence: 6, ordinal: 3 }).bytes;
    const { found } = await verify({ a: FIRST, b: recovered(1), c: jumping });
    expect(found, 'one between that had no record').to.deep.equal([]);
    expect((await verify({ a: recovered(0, 0), b: last })).found).to.deep.equal([
      ['missing', undefined, 1],
    ]);
  });

  it('reports archives missing before one without an ordinal by their records', async () => {
    const { found, problems } = await verify({ a: FIRST, c: recovered(2) });
    expect(found).to.deep.equal([['missing', undefined, undefined]]);
    expect(problems[0]?.message).to.equal(
      `archives with the records 3 to 5 of writer ${WRITER} are missing`,
    );
    expect((await verify({ c: recovered(2) })).found[0]).to.deep.equal([
      'missing',
      undefined,
      undefined,
    ]);
  });

  it('does not know whether a writer ended of which the last archive does not say so', async () => {
    await withScratch(async (scratch) => {
      const { path: directory } = scratch;
      const writer = new RollingWriteStream({ directory, roll: rollByCount(2) });
      for (const payload of ['a', 'b', 'c', 'd']) writer.write(payload);
      await writer.close();
      const report = await verifyArchives(directory);
      expect(report).to.include({ verdict: 'complete', ended: 'unknown' });
      expect(report.unended).to.deep.equal([writer.writer]);
      const other = new RollingWriteStream({ directory, roll: rollByCount(2) });
      other.write('a');
      await other.close();
      expect((await verifyArchives(directory)).unended).to.deep.equal([writer.writer]);
      const own = join(directory, `*${other.writer}*`);
      expect(await verifyArchives(own)).to.include({ verdict: 'complete', ended: 'yes' });
    });
  });

  it('accepts an archive that was recovered twice, without a previous digest', async () => {
    const archives = { a: FIRST, b: SECOND, c: THIRD, d: LAST, e: recovered(1), f: recovered(3) };
    expect(await verify(archives)).to.include({ verdict: 'complete' });
  });

  it('finds a series complete across several directories, plain, gzipped and twice', async () => {
    await withScratch(async (scratch) => {
      for (const name of ['spool', 'store', 'copy']) await mkdir(`${scratch.path}/${name}`);
      await scratch.put('store/a.events.gz', gzipSync(FIRST));
      await scratch.put('copy/a.events', FIRST);
      await scratch.put('store/b.events.gz', gzipSync(SECOND));
      await scratch.put('spool/b.events', SECOND);
      await scratch.put('spool/c.events', THIRD);
      await scratch.put('spool/d.events', LAST);
      const patterns = ['store/*.events', `spool`, 'copy/*'].map((one) => `${scratch.path}/${one}`);
      const { archives, problems } = await verifyArchives(patterns);
      expect(problems).to.deep.equal([]);
      expect(archives).to.have.length(6);
      const part = await verifyArchives(patterns.slice(0, 1));
      expect(part).to.include({ verdict: 'complete', ended: 'unknown' });
    });
  });

  it('does not depend on names', async () => {
    const { found } = await verify({ a: FIRST, b: SECOND, c: THIRD, d: LAST }, async (scratch) => {
      await rename(`${scratch.path}/a`, `${scratch.path}/z`);
      await unlink(`${scratch.path}/c`);
    });
    expect(found).to.deep.equal([['missing', undefined, 2]]);
  });

  it('names the writer and the ordinal of a missing archive', async () => {
    const { problems } = await verify({ a: FIRST, d: LAST });
    expect(problems[0]).to.include({ writer: WRITER });
    expect(problems[0]?.message).to.equal(`archive 1 of writer ${WRITER} is missing`);
  });

  it('names at most 1,000 of the archives that an index claims', async () => {
    const { bytes } = sealArchive([[{ payload: 'x' }]], { ordinal: 2 ** 40, sequence: 1 });
    expect((await verify({ a: bytes })).problems).to.have.length.within(1, 1001);
  });

  it('verifies archives in a store, and together with local ones', async () => {
    await withScratch(async (scratch) => {
      const store = new DirectoryStore(join(scratch.path, 'store'));
      for (const [key, bytes] of [
        ['a/1.gz', gzipSync(FIRST)],
        ['a/3', THIRD],
      ] as const) {
        await store.put(key, Readable.from([bytes], { objectMode: false }));
      }
      await scratch.put('2', SECOND);
      await scratch.put('4', LAST);
      const inStore = { store, pattern: 'a/*' };
      const report = await verifyArchives([inStore, join(scratch.path, '[24]')]);
      expect(report).to.deep.include({ verdict: 'complete', problems: [] });
      expect(report.archives).to.have.length(4);
      const { problems } = await verifyArchives(inStore);
      expect(problems.map(({ kind, ordinal }) => [kind, ordinal])).to.deep.include(['missing', 1]);
      const url = pathToFileURL(join(scratch.path, '2')).href;
      expect((await verifyArchives(url)).archives).to.have.length(1);
    });
  });

  it('verifies archives in a bucket', async () => {
    const server = await startS3();
    try {
      const { credentials, endpoint, region } = server;
      const s3 = { credentials, endpoint, region };
      const bucket = `s3://${await server.createBucket()}`;
      const store = openStore(bucket, { s3 });
      for (const [i, bytes] of [FIRST, SECOND, THIRD, LAST].entries()) {
        await store.put(`p/${i}.gz`, Readable.from([gzipSync(bytes)], { objectMode: false }));
      }
      await store.close();
      const report = await verifyArchives(`${bucket}/p/*`, { s3 });
      expect(report).to.deep.include({ verdict: 'complete', problems: [] });
      expect(report.archives.map(({ archive }) => archive)).to.deep.equal(
        [0, 1, 2, 3].map((i) => `${bucket}/p/${i}.gz`),
      );
    } finally {
      await server.stop();
    }
  });

  it('rejects if patterns match nothing', async () => {
    await withScratch(async ({ path }) => {
      expect(await rejection(verifyArchives(`${path}/*`))).to.be.instanceOf(NoArchivesError);
    });
  });
});

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { expect } from 'chai';

import { nodeZstd } from '../../lib/codec/compression/zstd/node-zstd.js';
import type { SkippedDamage } from '../../lib/codec/frames/skipped-damage.js';
import { DamageError } from '../../lib/errors/damage-error.js';
import type { RollingReadOptions } from '../../lib/reading/rolling-read-options.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { DirectoryStore } from '../../lib/stores/directory/directory-store.js';
import { CountingFiles } from '../support/counting-files.js';
import { OTHER_WRITER_ID, sealArchive } from '../support/damaged-archive.js';
import { encodeVersion1 } from '../support/encode-archive.js';
import { FaultyStore } from '../support/faulty-store.js';
import { compressAll } from '../support/gzip-tools.js';
import { readPayloads, TemporaryDirectories } from '../support/series.js';
import { compressZstd, needsZstd } from '../support/zstd-tools.js';

const START_MS = 1_700_000_000_000;
const KIB = 2 ** 10;

/** Records of about 4 KiB, 1 ms apart, 8 per block. The number before the colon is the record's. */
function records(first: number, count: number, startMs = START_MS) {
  return Array.from({ length: count }, (_, i) => ({
    payload: `${first + i}:${randomBytes(3 * KIB).toString('base64')}`,
    metadata: [] as const,
    timeMicros: 1000 * (startMs + first + i),
  }));
}

function blocksOf(all: ReturnType<typeof records>) {
  return Array.from({ length: Math.ceil(all.length / 8) }, (_, i) => all.slice(8 * i, 8 * i + 8));
}

const ALL = records(0, 800);
const SEALED = sealArchive(blocksOf(ALL));
/** Enough for the head, the end with the index, and the blocks at both ends of the wanted range. */
const OVERHEAD = 4 * KIB + 64 * KIB + 2 * 40 * KIB;

describe('RollingReadStream, which seeks', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let gzip: Buffer;
  let zstd: Buffer;

  before(async () => {
    gzip = await compressAll(SEALED.bytes, { memberBytes: 64 * KIB });
    if (nodeZstd !== null) zstd = await compressZstd(SEALED.bytes, { memberBytes: 64 * KIB });
  });

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  async function numbers(options: RollingReadOptions, pattern = directory): Promise<number[]> {
    const { error, payloads } = await readPayloads(createArchiveReader(pattern, options));
    if (error !== undefined) throw error;
    return payloads.map((text) => Number.parseInt(text, 10));
  }

  const range = (begin: number, end: number) => ({ from: START_MS + begin, to: START_MS + end });
  const count = (begin: number, end: number) =>
    Array.from({ length: end - begin }, (_, i) => begin + i);

  const names = { plain: 'a.events', gzip: 'a.events.gz', zstd: 'a.events.zst' } as const;
  for (const kind of ['plain', 'gzip', 'zstd'] as const) {
    const archive = () => ({ plain: SEALED.bytes, gzip, zstd })[kind];
    const name = names[kind];

    describe(`in a ${kind} archive`, () => {
      before(function () {
        if (kind === 'zstd') needsZstd(this);
      });

      it('reads only the blocks of a file that can match, and its end', async () => {
        await writeFile(join(directory, name), archive());
        let bytes = 0;
        const files = new CountingFiles((file) => ({
          async read(into, offset, length, position) {
            const result = await file.read(into, offset, length, position);
            bytes += result.bytesRead;
            return result;
          },
        }));
        const options = { ...range(400, 408), files: files.layer };
        expect(await numbers(options)).to.deep.equal(count(400, 408));
        expect(bytes)
          .to.be.lessThan(OVERHEAD + 64 * KIB)
          .and.lessThan(archive().length / 8);
        expect(files.open).to.equal(0);
      });

      it('fetches only the same ranges of an object', async () => {
        const store = new FaultyStore(new DirectoryStore(directory));
        await store.put(name, Readable.from([archive()], { objectMode: false }));
        const reader = createArchiveReader({ store, pattern: '*' }, range(400, 408));
        expect((await readPayloads(reader)).payloads).to.have.length(8);
        expect(store.bytesRead).to.be.lessThan(OVERHEAD + 64 * KIB);
        expect(store.gets).to.have.length(2);
        expect(store).to.include({ openBodies: 0, mostOpenBodies: 1 });
      });

      it('finds the same records as reading everything, for any range of times', async () => {
        await writeFile(join(directory, name), archive());
        for (const [begin, end] of [
          [-9, 1],
          [0, 8],
          [7, 9],
          [300, 700],
          [799, 900],
          [800, 900],
        ]) {
          const [first = 0, last = 0] = [begin, end];
          const expected = count(Math.max(first, 0), Math.min(last, 800));
          expect(await numbers(range(first, last))).to.deep.equal(expected);
        }
        const where = { from: START_MS + 100, limit: 3 };
        expect(await numbers(where)).to.deep.equal([100, 101, 102]);
      });

      it('reports damage in the blocks that it reads like a reader of everything', async () => {
        const { begin = 0, end = 0 } = SEALED.frames[50] ?? {};
        for (const where of [0.1, 0.5, 0.9]) {
          const at = Math.round(begin + where * (end - begin));
          const damaged = Buffer.from(SEALED.bytes);
          damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
          const content =
            kind === 'plain' ? damaged : await compressAll(damaged, { memberBytes: 64 * KIB });
          await writeFile(join(directory, name), content);
          const reader = createArchiveReader(directory, range(390, 420));
          const { error, payloads } = await readPayloads(reader);
          expect(payloads.map((text) => Number.parseInt(text, 10))).to.deep.equal(count(390, 400));
          expect(error).to.be.instanceOf(DamageError).and.to.include({ offset: begin });
          const skipping = createArchiveReader(directory, {
            ...range(390, 420),
            whenDamaged: 'skip',
          });
          const damage: SkippedDamage[] = [];
          skipping.on('damage', (skipped) => damage.push(skipped));
          const left = (await readPayloads(skipping)).payloads.map((text) =>
            Number.parseInt(text, 10),
          );
          expect(left).to.deep.equal([...count(390, 400), ...count(408, 420)]);
          expect(damage).to.have.length(1);
          expect(damage[0]).to.include({ begin, end, recordsLost: 8 });
          // A range of times beside the damage is read without noticing it.
          expect(await numbers(range(100, 120))).to.deep.equal(count(100, 120));
        }
      });

      it('reads an archive from its start if its end is missing or damaged', async () => {
        const content = archive();
        for (const cutOff of [1, 60, 3000]) {
          await writeFile(join(directory, name), content.subarray(0, content.length - cutOff));
          const { payloads } = await readPayloads(createArchiveReader(directory, range(400, 408)));
          expect(payloads).to.have.length(8);
        }
      });
    });
  }

  it('reads all archives that were concatenated, plain and gzip', async () => {
    const later = sealArchive(blocksOf(records(800, 400)), { sequence: 800 }).bytes;
    const other = sealArchive(blocksOf(records(100, 200)), { writerId: OTHER_WRITER_ID }).bytes;
    const plain = Buffer.concat([SEALED.bytes, other, later]);
    const parts = [SEALED.bytes, other, later].map((part) => compressAll(part));
    const expected = [...count(150, 300), ...count(150, 300)];
    for (const content of [
      plain,
      await compressAll(plain),
      Buffer.concat(await Promise.all(parts)),
    ]) {
      await writeFile(join(directory, 'a.events'), content);
      expect(await numbers(range(150, 300))).to.deep.equal(expected);
      expect(await numbers(range(790, 810))).to.deep.equal(count(790, 810));
    }
  });

  it('is not misled by an archive in the payload in which a file was cut off', async () => {
    const inner = sealArchive(blocksOf(records(300, 200)), { writerId: OTHER_WRITER_ID }).bytes;
    const outer = sealArchive([
      ...blocksOf(records(0, 100)),
      [{ payload: inner, metadata: [], timeMicros: 1000 * (START_MS + 100) }],
      ...blocksOf(records(101, 10)),
    ]).bytes;
    const cutOff = outer.subarray(0, outer.indexOf(inner) + inner.length);
    await writeFile(join(directory, 'a.events'), cutOff);
    const { error, payloads } = await readPayloads(createArchiveReader(directory, range(90, 400)));
    expect(payloads.map((text) => Number.parseInt(text, 10))).to.deep.equal(count(90, 100));
    expect(error).to.be.instanceOf(DamageError).and.to.have.property('reason', 'torn');
  });

  it('goes by the times of blocks, even if a clock was set back', async () => {
    const all = [...records(0, 400), ...records(400, 400, START_MS - 350)];
    const bytes = sealArchive(blocksOf(all)).bytes;
    for (const content of [bytes, await compressAll(bytes, { memberBytes: 64 * KIB })]) {
      await writeFile(join(directory, 'a.events'), content);
      const expected = [...count(100, 120), ...count(450, 470)];
      expect(await numbers(range(100, 120))).to.deep.equal(expected);
    }
  });

  it('reads records without a time beside records with one', async () => {
    const old = encodeVersion1(
      Array.from({ length: 100 }, () => ({ payload: randomBytes(3 * KIB) })),
    );
    const mixed = await compressAll(Buffer.concat([old, SEALED.bytes]), { memberBytes: 64 * KIB });
    await writeFile(join(directory, 'a.events.gz'), mixed);
    expect(await numbers(range(400, 408))).to.deep.equal(count(400, 408));
  });

  it('fetches only the end of an object whose records were read from disk', async () => {
    const store = new FaultyStore(new DirectoryStore(join(directory, 'store')));
    await store.put('a.events.gz', Readable.from([gzip], { objectMode: false }));
    await writeFile(join(directory, 'a.events'), SEALED.bytes);
    const patterns = [join(directory, '*.events'), { store, pattern: '*' }];
    const { payloads } = await readPayloads(createArchiveReader(patterns));
    expect(payloads.map((text) => Number.parseInt(text, 10))).to.deep.equal(count(0, 800));
    expect(store.bytesRead).to.be.at.most(4 * KIB + 64 * KIB);
  });
});

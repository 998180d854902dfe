import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { expect } from 'chai';

import { nodeZstd } from '../../lib/codec/compression/zstd/node-zstd.js';
import { decodeIndexBody, encodeIndexFrame } from '../../lib/codec/version-2/archive-index.js';
import { readFrameHeader } from '../../lib/codec/version-2/frame-header.js';
import type { SequenceGap } from '../../lib/index.js';
import type { RecordFilter, RollingReadOptions } from '../../lib/reading/rolling-read-options.js';
import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { verifyArchive } from '../../lib/reading/verifying/verify-archive.js';
import { DirectoryStore } from '../../lib/stores/directory/directory-store.js';
import { CountingFiles } from '../support/counting-files.js';
import { OTHER_WRITER_ID, type SampleArchive, sealArchive } from '../support/damaged-archive.js';
import { WRITER_ID } from '../support/encode-archive.js';
import { FaultyStore } from '../support/faulty-store.js';
import { compressAll, indexOf } from '../support/gzip-tools.js';
import { readPayloads, TemporaryDirectories } from '../support/series.js';
import { compressZstd, framesOf, needsZstd } from '../support/zstd-tools.js';

const START_MICROS = 1_700_000_000_000_000;
const KIB = 2 ** 10;
/** 200 blocks of 11 KiB, of 8 records. An hour lasts for two blocks. */
const BLOCKS = 200;

interface Row {
  readonly payload: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly timeMicros: number;
}

function rowsOf(block: number): Row[] {
  return Array.from({ length: 8 }, (_, i) => ({
    payload: `${8 * block + i}:${randomBytes(KIB).toString('base64')}`,
    metadata: {
      tenant: `tenant-${block % 100}`,
      hour: `${Math.floor(block / 2)}`,
      event: ['login', 'logout'][i % 2] ?? '',
      request: `${block}/${i}`,
      ...(block === 150 && i === 3 ? { rare: '' } : {}),
    },
    timeMicros: START_MICROS + 1000 * (8 * block + i),
  }));
}

const ROWS = Array.from({ length: BLOCKS }, (_, block) => rowsOf(block));
const KEYS = ['tenant', 'hour', 'event', 'request', 'rare'];
const SEALED = sealArchive(ROWS, { indexedKeys: KEYS });

function expected(wants: (row: Row) => boolean): number[] {
  return ROWS.flat().flatMap((row, number) => (wants(row) ? [number] : []));
}

describe('RollingReadStream, with a metadata index', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let gzip: Buffer;
  let zstd: Buffer | undefined;

  before(async () => {
    // As large, compared with the blocks, as the 1 MiB that a shipper makes of blocks of 128 KiB.
    gzip = await compressAll(SEALED.bytes, { memberBytes: 88 * KIB });
    if (nodeZstd !== null) zstd = await compressZstd(SEALED.bytes, { memberBytes: 88 * KIB });
  });

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  async function numbers(options: RollingReadOptions): Promise<number[]> {
    const { error, payloads } = await readPayloads(createArchiveReader(directory, options));
    if (error !== undefined) throw error;
    return payloads.map((text) => Number.parseInt(text, 10));
  }

  /** The records that match, and how many bytes were read for them. */
  async function count(options: RollingReadOptions) {
    let bytes = 0;
    const files = new CountingFiles((file) => ({
      async read(into, offset, length, position) {
        const result = await file.read(into, offset, length, position);
        bytes += result.bytesRead;
        return result;
      },
    }));
    const found = await numbers({ ...options, files: files.layer });
    expect(files.open).to.equal(0);
    return { bytes, found };
  }

  const PLAIN = () => writeFile(join(directory, 'a.events'), SEALED.bytes);
  const GZIP = () => writeFile(join(directory, 'a.events.gz'), gzip);
  /** gzip where Node has no zstd. */
  const ZSTD = () =>
    zstd === undefined ? GZIP() : writeFile(join(directory, 'a.events.zst'), zstd);

  it('reads 3 % of a file for a key that matches 1 % of its blocks', async () => {
    await PLAIN();
    const { bytes, found } = await count({ where: { tenant: 'tenant-42' } });
    expect(found).to.deep.equal(expected(({ metadata }) => metadata.tenant === 'tenant-42'));
    expect(bytes).to.be.lessThan(0.03 * SEALED.bytes.length);
  });

  it('reads 3 % and two members of gzip for a stretch that is 1 % of its blocks', async () => {
    await GZIP();
    const { bytes, found } = await count({ where: { hour: '42' } });
    expect(found).to.deep.equal(expected(({ metadata }) => metadata.hour === '42'));
    const largest = Math.max(...indexOf(gzip).map(({ memberBytes }) => memberBytes));
    expect(bytes).to.be.lessThan(0.03 * gzip.length + 2 * largest);
  });

  it('reads 3 % and two frames of zstd for a stretch that is 1 % of its blocks', async function () {
    if (zstd === undefined) return needsZstd(this);
    await writeFile(join(directory, 'a.events.zst'), zstd);
    const largest = Math.max(...framesOf(zstd).map(({ bytes }) => bytes.length));
    for (const where of [{ hour: '42' }, { hour: /^42$/, event: ['login', 'logout'] }]) {
      const { bytes, found } = await count({ where });
      expect(found).to.deep.equal(expected(({ metadata }) => metadata.hour === '42'));
      expect(bytes).to.be.lessThan(0.03 * zstd.length + 2 * largest);
    }
  });

  it('reads only the end of an archive without the value', async () => {
    for (const write of [PLAIN, GZIP, ZSTD]) {
      await write();
      const { bytes, found } = await count({ where: { tenant: 'tenant-x' } });
      expect(found).to.deep.equal([]);
      // The head that gives the order is in the first block, which zstd decompresses whole.
      const head =
        write === ZSTD && zstd !== undefined ? (framesOf(zstd)[0]?.bytes.length ?? 0) : 0;
      expect(bytes).to.be.lessThan(0.02 * gzip.length + head);
      await directories.remove();
      directory = await directories.make();
    }
  });

  it('needs one request for an object without the value, and one more for a stretch', async () => {
    const store = new FaultyStore(new DirectoryStore(directory));
    for (const [name, bytes] of [
      ['a.events', SEALED.bytes],
      ['a.events.gz', gzip],
      ...(zstd === undefined ? [] : [['a.events.zst', zstd] as const]),
    ] as const) {
      await store.put(name, Readable.from([bytes], { objectMode: false }));
      for (const [tenant, gets] of [
        ['tenant-x', 1],
        ['tenant-42', 3],
      ] as const) {
        store.gets.length = 0;
        const reader = createArchiveReader({ store, pattern: name }, { where: { tenant } });
        const { payloads } = await readPayloads(reader);
        expect(payloads).to.have.length(tenant === 'tenant-x' ? 0 : 16);
        expect(store.gets, name).to.have.length(gets);
      }
      await store.delete(name);
    }
  });

  describe('finds the same records as without one', () => {
    const noon = new Date(START_MICROS / 1000 + 800);
    const CASES: [string, RollingReadOptions, (row: Row) => boolean][] = [
      ['one value', { where: { event: 'login' } }, ({ metadata }) => metadata.event === 'login'],
      [
        'two keys',
        { where: { event: 'login', tenant: 'tenant-7' } },
        ({ metadata }) => metadata.event === 'login' && metadata.tenant === 'tenant-7',
      ],
      [
        'a list',
        { where: { tenant: ['tenant-3', 'tenant-99', 'x'] } },
        ({ metadata }) => ['tenant-3', 'tenant-99'].includes(metadata.tenant ?? ''),
      ],
      [
        'a long list',
        { where: { request: Array.from({ length: 20 }, (_, i) => `${i}/${i % 8}`) } },
        ({ metadata }) => {
          const [block = 0, i] = (metadata.request ?? '').split('/').map(Number);
          return block < 20 && block % 8 === i;
        },
      ],
      ['an empty list', { where: { tenant: [], event: 'login' } }, () => false],
      [
        'a RegExp, whose flags g and y are ignored',
        { where: { tenant: /T-1\d$/giy, event: /ogin/y } },
        ({ metadata }) => /t-1\d$/.test(metadata.tenant ?? '') && metadata.event === 'login',
      ],
      ['an empty value', { where: { rare: '' } }, ({ metadata }) => metadata.rare === ''],
      ['any value', { where: { rare: /(?:)/ } }, ({ metadata }) => metadata.rare === ''],
      ['a key that is not indexed', { where: { other: /(?:)/ } }, () => false],
      [
        'a key and a time',
        { where: { tenant: 'tenant-1' }, from: noon },
        ({ metadata, timeMicros }) =>
          metadata.tenant === 'tenant-1' && timeMicros >= START_MICROS + 800_000,
      ],
      ['a key and another time', { where: { tenant: 'tenant-150' }, to: noon }, () => false],
    ];
    for (const [name, options, wants] of CASES) {
      it(`for ${name}`, async () => {
        for (const write of [PLAIN, GZIP, ZSTD]) {
          await write();
          expect(await numbers(options)).to.deep.equal(expected(wants));
          await directories.remove();
          directory = await directories.make();
        }
      });
    }
  });

  it('copies the values of a list, and leaves a RegExp as it is', async () => {
    await PLAIN();
    const list = ['tenant-3'];
    const regExp = /tenant-4$/g;
    regExp.lastIndex = 3;
    const byList = createArchiveReader(directory, { where: { tenant: list } });
    list[0] = 'tenant-5';
    expect((await readPayloads(byList)).payloads).to.have.length(16);
    const byRegExp = createArchiveReader(directory, { where: { tenant: regExp } });
    expect((await readPayloads(byRegExp)).payloads).to.have.length(16);
    expect(regExp.lastIndex).to.equal(3);
  });

  it('reads everything, and loses no record, if the index is damaged anywhere', async () => {
    const { bytes, frames } = sealArchive(ROWS.slice(0, 12), { indexedKeys: KEYS });
    const frame = frames.at(-2) ?? { begin: 0, end: 0 };
    const where: RecordFilter = { tenant: 'tenant-4' };
    const all = [32, 33, 34, 35, 36, 37, 38, 39];
    const ats = [64, 70, -1, -5, -9, -13, -40].map((at) =>
      at < 0 ? frame.end + at : frame.begin + at,
    );
    for (const at of [...ats, frame.begin + Math.floor((frame.end - frame.begin) / 2)]) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x40, at);
      await writeFile(join(directory, 'a.events'), damaged);
      expect(await numbers({ where }), `byte ${at - frame.begin}`).to.deep.equal(all);
      await writeFile(join(directory, 'a.events'), await compressAll(damaged));
      expect(await numbers({ where }), `byte ${at - frame.begin}`).to.deep.equal(all);
    }
  });

  it('finds records of all archives that were concatenated, with and without an index', async () => {
    const indexed = sealArchive(ROWS.slice(0, 16), { indexedKeys: KEYS }).bytes;
    const without = sealArchive(ROWS.slice(4, 12), { writerId: OTHER_WRITER_ID }).bytes;
    for (const parts of [
      [indexed, without],
      [without, indexed],
    ]) {
      const plain = Buffer.concat(parts);
      const gzips = await Promise.all(parts.map((part) => compressAll(part)));
      for (const bytes of [plain, await compressAll(plain), Buffer.concat(gzips)]) {
        await writeFile(join(directory, 'a.events'), bytes);
        expect(await numbers({ where: { hour: ['3', '7', '99'] } })).to.have.length(3 * 16);
      }
    }
  });

  it('reports gaps between archives, and none where it skipped blocks', async () => {
    const later = sealArchive(ROWS.slice(0, 20), { sequence: 8 * BLOCKS + 5, indexedKeys: KEYS });
    await PLAIN();
    await writeFile(join(directory, 'b.events'), later.bytes);
    const reader = createArchiveReader(directory, { where: { tenant: 'tenant-7' } });
    const gaps: SequenceGap[] = [];
    reader.on('gap', (gap) => gaps.push(gap));
    expect((await readPayloads(reader)).payloads).to.have.length(24);
    expect(gaps.map(({ from, to }) => [from, to])).to.deep.equal([[8 * BLOCKS, 8 * BLOCKS + 5]]);
  });

  describe('verifyArchive', () => {
    const rows = ROWS.slice(0, 12);
    const sealed = sealArchive(rows, { indexedKeys: KEYS });
    const path = () => join(directory, 'a.events');

    it('finds an index that agrees with the blocks', async () => {
      const compressed = await compressAll(sealed.bytes);
      for (const bytes of [sealed.bytes, compressed, Buffer.concat([sealed.bytes, sealed.bytes])]) {
        await writeFile(path(), bytes);
        expect(await verifyArchive(path())).to.include({ index: 'valid', indexProblem: undefined });
      }
    });

    it('reports an index that would hide records, although all checksums are good', async () => {
      // The index of blocks of the same sizes, one of which has another value.
      const renamed = rows.map((row, block) =>
        block === 9
          ? row.map((one) => ({ ...one, metadata: { ...one.metadata, tenant: 'tenant-8' } }))
          : row,
      );
      const other = sealArchive(renamed, { indexedKeys: KEYS });
      const blocksEnd = sealed.frames.at(-2)?.begin;
      const metadataIndex = other.bytes.subarray(blocksEnd, other.frames.at(-2)?.end);
      const forged = resealed(sealed.bytes.subarray(0, blocksEnd), metadataIndex, sealed);
      for (const bytes of [forged, await compressAll(forged)]) {
        await writeFile(path(), bytes);
        const report = await verifyArchive(path());
        expect(report).to.include({ index: 'invalid', isIntact: false });
        expect(report.indexProblem).to.equal(
          `its metadata index lacks a value of the key "tenant" in the block at byte ${sealed.frames[9]?.begin}`,
        );
      }
    });

    it('reports an index that cannot be used', async () => {
      const blocksEnd = sealed.frames.at(-2)?.begin ?? 0;
      const metadataIndex = Buffer.from(
        sealed.bytes.subarray(blocksEnd, sealed.frames.at(-2)?.end),
      );
      metadataIndex.writeUInt8(metadataIndex.readUInt8(70) ^ 1, 70);
      await writeFile(path(), resealed(sealed.bytes.subarray(0, blocksEnd), metadataIndex, sealed));
      const report = await verifyArchive(path());
      expect(report).to.include({ index: 'invalid' });
      expect(report.indexProblem).to.equal('its metadata index is invalid for the key "tenant"');
    });
  });
});

/** Blocks and a metadata index, with the index of `sealed` and the right digest. */
function resealed(blocks: Buffer, metadataIndex: Buffer, sealed: SampleArchive): Buffer {
  const before = Buffer.concat([blocks, metadataIndex]);
  const frame = sealed.bytes.subarray(sealed.frames.at(-1)?.begin);
  const index = decodeIndexBody(frame.subarray(64), before.length);
  const sha256 = createHash('sha256').update(before).digest();
  const nextSequence = readFrameHeader(frame).sequence;
  const forged = encodeIndexFrame(
    { ...index, archiveBytes: before.length, sha256 },
    WRITER_ID,
    nextSequence,
  );
  return Buffer.concat([before, forged]);
}

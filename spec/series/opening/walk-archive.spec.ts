import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import type { SkippedDamage } from '../../../lib/codec/frames/skipped-damage.js';
import { FileSource } from '../../../lib/series/opening/file-source.js';
import { walkArchive } from '../../../lib/series/opening/walk-archive.js';
import {
  flipBit,
  STRANGE_ARCHIVE,
  sampleVersion2,
  sealArchive,
} from '../../support/damaged-archive.js';
import { encodeJsonLines, encodeVersion1 } from '../../support/encode-archive.js';
import { withMemoryFile } from '../../support/memory-file.js';
import { rejection } from '../../support/store-tools.js';

const SAMPLE = sampleVersion2();

interface WalkSpecOptions {
  readonly path?: string;
  readonly chunkBytes?: number;
  readonly maxRecordBytes?: number;
}

/** An archive in memory that is read in chunks of `chunkBytes`. */
async function sourceOf(bytes: Uint8Array, { path = 'a', chunkBytes }: WalkSpecOptions = {}) {
  const file = await withMemoryFile(path, bytes).open(path, 'r');
  const source = new FileSource(file, path);
  if (chunkBytes === undefined) return source;
  return Object.assign(source, {
    async *stream() {
      for (let at = 0; at < bytes.length; at += chunkBytes) {
        yield Buffer.from(bytes.subarray(at, at + chunkBytes));
      }
    },
  });
}

interface WalkedPiece {
  readonly begin?: number;
  readonly records?: number;
  readonly line?: string;
}

/** All pieces and everything that the walk reports. */
async function walk(bytes: Uint8Array, options: WalkSpecOptions = {}) {
  const pieces: WalkedPiece[] = [];
  const damage: SkippedDamage[] = [];
  const chunks: Buffer[] = [];
  const passed: Buffer[] = [];
  const offsets: number[] = [];
  const walked = walkArchive(await sourceOf(bytes, options), {
    maxRecordBytes: options.maxRecordBytes ?? 2 ** 20,
    onDamage: (skipped) => damage.push(skipped),
    onBytes: (chunk) => chunks.push(chunk),
    onProgress: (offset) => offsets.push(offset),
    onPassed: (chunk) => passed.push(chunk),
  });
  for await (const piece of walked) {
    if (piece.kind === 'lines')
      pieces.push(...piece.lines.map((line) => ({ line: line.toString() })));
    else pieces.push({ begin: piece.frame.offset, records: piece.records });
  }
  return { chunks, damage, offsets, passed, pieces };
}

const FRAMES = SAMPLE.frames.map(({ begin, records }) => ({ begin, records: records.length }));

describe('walkArchive', () => {
  it('yields every frame with the number of its records, however the bytes are cut', async () => {
    for (const chunkBytes of [1, 63, 64, 1000, undefined]) {
      for (const bytes of [SAMPLE.bytes, gzipSync(SAMPLE.bytes)]) {
        const options = chunkBytes === undefined ? {} : { chunkBytes };
        const { damage, pieces } = await walk(bytes, options);
        expect(pieces).to.deep.equal(FRAMES);
        expect(damage).to.deep.equal([]);
      }
    }
  });

  it('yields frames of both versions with the number of their records', async () => {
    const old = encodeVersion1(['a', 'b']);
    const { pieces } = await walk(Buffer.concat([old, STRANGE_ARCHIVE]));
    expect(pieces.map(({ records }) => records)).to.deep.equal([1, 1, 1, 1, 0]);
  });

  it('yields the lines of JSON lines', async () => {
    const { damage, pieces } = await walk(encodeJsonLines([{ payload: { a: 1 } }, '2']));
    expect(pieces).to.deep.equal([{ line: '{"a":1}' }, { line: '2' }]);
    expect(damage).to.deep.equal([]);
  });

  it('yields nothing for an empty archive', async () => {
    expect(await walk(Buffer.alloc(0))).to.deep.include({ pieces: [], damage: [] });
  });

  it('leaves out a damaged frame and reports it', async () => {
    for (const [i, { begin, end }] of SAMPLE.frames.entries()) {
      const { damage, pieces } = await walk(flipBit(SAMPLE.bytes, 8 * begin + 8 * 70), {
        chunkBytes: 100,
      });
      expect(pieces).to.deep.equal(FRAMES.toSpliced(i, 1));
      expect(damage).to.have.length(1);
      expect(damage[0]).to.include({ archive: 'a', begin, end, reason: 'bad-checksum' });
    }
  });

  it('leaves out a frame that is whole, but holds a record that is too large', async () => {
    const { bytes } = sealArchive([[{ payload: 'x' }], [{ payload: 'y'.repeat(100) }]]);
    const { damage, pieces } = await walk(bytes, { maxRecordBytes: 50 });
    expect(pieces.map(({ records }) => records)).to.deep.equal([1, 0]);
    expect(damage.map(({ reason }) => reason)).to.deep.equal(['too-large']);
  });

  it('reports every damaged stretch once, in order', async () => {
    const [first, , third] = SAMPLE.frames;
    const bytes = [first, third].reduce(
      (all, frame) => flipBit(all, 8 * ((frame?.begin ?? 0) + 70)),
      SAMPLE.bytes,
    );
    const { damage } = await walk(bytes);
    expect(damage.map(({ begin }) => begin)).to.deep.equal([first?.begin, third?.begin]);
  });

  it('takes a torn frame for the end of an open archive, but not of a sealed one', async () => {
    const cut = SAMPLE.bytes.subarray(0, (SAMPLE.frames[1]?.begin ?? 0) + 30);
    const open = await walk(cut, { path: 'a.events.open' });
    expect(open).to.deep.include({ pieces: FRAMES.slice(0, 1), damage: [] });
    const sealed = await walk(cut);
    expect(sealed.pieces).to.deep.equal(FRAMES.slice(0, 1));
    expect(sealed.damage[0]).to.include({ begin: SAMPLE.frames[1]?.begin, end: cut.length });
  });

  it('reports gzip that breaks off and the torn frame before that as one stretch', async () => {
    const packed = gzipSync(SAMPLE.bytes, { level: 0 });
    const { chunks, damage, pieces } = await walk(packed.subarray(0, packed.length - 100));
    const bytes = Buffer.concat(chunks).length;
    const whole = SAMPLE.frames.filter(({ end }) => end <= bytes);
    expect(pieces).to.deep.equal(FRAMES.slice(0, whole.length));
    expect(damage).to.have.length(1);
    expect(damage[0]).to.include({ begin: whole.at(-1)?.end, end: bytes, reason: 'torn' });
  });

  it('reports gzip that breaks off after a whole frame as damage without bytes', async () => {
    const packed = gzipSync(SAMPLE.bytes);
    const { damage, pieces } = await walk(packed.subarray(0, packed.length - 1));
    expect(pieces).to.deep.equal(FRAMES);
    const { length } = SAMPLE.bytes;
    expect(damage).to.have.length(1);
    expect(damage[0]).to.include({ begin: length, end: length, reason: 'torn' });
  });

  it('passes on all uncompressed bytes in order', async () => {
    for (const bytes of [SAMPLE.bytes, gzipSync(SAMPLE.bytes), flipBit(SAMPLE.bytes, 800)]) {
      const { chunks } = await walk(bytes, { chunkBytes: 100 });
      const expected = bytes[0] === 0x1f ? SAMPLE.bytes : bytes;
      expect(Buffer.concat(chunks).equals(expected)).to.equal(true);
    }
  });

  it('never reports progress beyond the begin of a later piece', async () => {
    const { offsets, pieces } = await walk(SAMPLE.bytes, { chunkBytes: 10 });
    expect(offsets).to.have.length(Math.ceil(SAMPLE.bytes.length / 10));
    expect(offsets).to.deep.equal(offsets.toSorted((a, b) => a - b));
    const begins = new Set([...pieces.map(({ begin }) => begin), SAMPLE.bytes.length]);
    expect(offsets.every((offset) => begins.has(offset))).to.equal(true);
  });

  it('releases each chunk once, after the last piece that is a view of it', async () => {
    const source = await sourceOf(SAMPLE.bytes, { chunkBytes: 50 });
    const chunks: Buffer[] = [];
    const passed: Buffer[] = [];
    const walked = walkArchive(source, {
      maxRecordBytes: 2 ** 20,
      onDamage: () => undefined,
      onBytes: (chunk) => chunks.push(chunk),
      // As a pool that has the memory filled by other bytes.
      onPassed: (chunk) => passed.push(chunk.fill(0xff)),
    });
    for await (const piece of walked) {
      if (piece.kind !== 'frame') continue;
      const { bytes, offset } = piece.frame;
      expect(bytes.equals(SAMPLE.bytes.subarray(offset, offset + bytes.length))).to.equal(true);
    }
    expect(passed).to.deep.equal(chunks.slice(0, passed.length));
    expect(new Set(passed).size).to.equal(passed.length);
    expect(passed.length).to.be.greaterThan(chunks.length / 2);
  });

  it('ends with the error of the source, after the pieces before it', async () => {
    const source = await sourceOf(SAMPLE.bytes);
    const failing = Object.assign(source, {
      async *stream() {
        yield SAMPLE.bytes.subarray(0, SAMPLE.frames[1]?.end);
        throw new Error('EIO: i/o error, read');
      },
    });
    let pieces = 0;
    const failure = await rejection(
      (async () => {
        const options = { maxRecordBytes: 2 ** 20, onDamage: () => undefined };
        for await (const _ of walkArchive(failing, options)) pieces++;
      })(),
    );
    expect(failure).to.have.property('message', 'EIO: i/o error, read');
    expect(pieces).to.equal(2);
  });
});

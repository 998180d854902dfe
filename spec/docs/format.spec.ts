import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';

import { expect } from 'chai';

import { writeSignedVarint, writeVarint } from '../../lib/codec/bytes/varint.js';
import { MetadataIndexBuilder } from '../../lib/codec/metadata-index/metadata-index-builder.js';
import { decodeIndexBody, encodeIndexFrame } from '../../lib/codec/version-2/archive-index.js';
import { readFrameHeader } from '../../lib/codec/version-2/frame-header.js';
import { IndexBuilder } from '../../lib/codec/version-2/index-builder.js';
import * as limits from '../../lib/format/limits.js';
import { KIND_INDEX } from '../../lib/format/version-2.js';
import { decodeArchive } from '../support/decode-archive.js';
import { createBlockBuilder } from '../support/encode-archive.js';

const PROJECT = new URL('../../', import.meta.url);
const DOCUMENT = readFileSync(new URL('docs/format.md', PROJECT), 'utf8');

/** The contents of the archive, as the page states them. */
interface Stated {
  readonly records: ReadonlyArray<{
    readonly sequence: number;
    readonly timeMicros: number;
    readonly metadata: Readonly<Record<string, string>>;
    readonly payload: string;
  }>;
  readonly writer: string;
  readonly index: Readonly<Record<string, unknown>>;
}

/** The text of the only code block in this language. */
function blockIn(language: string): string {
  const [, block, more] = DOCUMENT.split(`\`\`\`${language}\n`);
  expect(more).to.equal(undefined);
  return block?.split('```')[0] ?? '';
}

/** The bytes of a code block. Checks that each line has the offset that it states. */
function bytesIn(language: string): Buffer {
  const lines = blockIn(language).matchAll(/^ *(\d+) {2}((?:[0-9a-f]{2} ?)+)/gm);
  let bytes = Buffer.alloc(0);
  for (const [line, offset, hex = ''] of lines) {
    expect(Number(offset), line).to.equal(bytes.length);
    bytes = Buffer.concat([bytes, Buffer.from(hex.replaceAll(' ', ''), 'hex')]);
  }
  return bytes;
}

function section(title: string): string {
  const [, text] = DOCUMENT.split(`\n## ${title}\n`);
  return text?.split('\n## ')[0] ?? '';
}

describe('docs/format.md', () => {
  const archive = bytesIn('text');
  const stated: Stated = JSON.parse(blockIn('json'));
  const indexAt = archive.length - archive.readUInt32LE(archive.length - 4);

  it('has the records that it states in its archive', () => {
    const records = decodeArchive(archive).map((record) => {
      expect(record.writer).to.equal(stated.writer);
      const { sequence, timeMicros, payload } = record;
      return {
        sequence,
        timeMicros,
        metadata: { ...record.metadata },
        payload: payload.toString('hex'),
      };
    });
    expect(records).to.deep.equal(stated.records);
  });

  it('has the index that it states in its archive, found from the end', () => {
    const header = readFrameHeader(archive, indexAt);
    expect(header).to.include({ kind: KIND_INDEX, writer: stated.writer, sequence: 3 });
    const index = decodeIndexBody(archive.subarray(indexAt + 64), indexAt);
    const { sha256, previousSha256, ...others } = index;
    expect(others).to.deep.equal(stated.index);
    const before = archive.subarray(indexAt - index.archiveBytes, indexAt);
    expect(createHash('sha256').update(before).digest().equals(sha256)).to.equal(true);
    expect(Buffer.alloc(32).equals(previousSha256)).to.equal(true);
    for (const entry of index.entries) {
      const { records, sequence } = readFrameHeader(before, entry.offset);
      expect({ records, sequence }).to.deep.equal({
        records: entry.records,
        sequence: entry.sequence,
      });
    }
  });

  it('has the bytes that the codec writes', () => {
    const writerId = Buffer.from(stated.writer, 'hex');
    const entries = new IndexBuilder();
    const builder = createBlockBuilder({ writerId, onBlock: (block) => entries.add(block) });
    for (const { metadata, payload, timeMicros } of stated.records) {
      builder.add({ metadata, payload: Buffer.from(payload, 'hex'), timeMicros }, 0);
      if (builder.nextSequence === 2) builder.finishBlock();
    }
    builder.finishBlock();
    const blocks = archive.subarray(0, indexAt);
    const index = {
      archiveBytes: blocks.length,
      sha256: createHash('sha256').update(blocks).digest(),
      records: entries.records,
      ordinal: 0,
      previousSha256: Buffer.alloc(32),
      writerEnded: true,
      entries: entries.entries,
    };
    const written = [builder.take(), encodeIndexFrame(index, writerId, builder.nextSequence)];
    expect(Buffer.concat(written).toString('hex')).to.equal(archive.toString('hex'));
  });

  it('has the metadata index that the codec writes for its archive', () => {
    const writerId = Buffer.from(stated.writer, 'hex');
    const metadata = new MetadataIndexBuilder(['kind', 'user'].map((key) => Buffer.from(key)));
    const builder = createBlockBuilder({
      writerId,
      onBlock: (block, body) => metadata.add(block, body),
    });
    for (const record of stated.records) {
      builder.add({ ...record, payload: Buffer.from(record.payload, 'hex') }, 0);
      if (builder.nextSequence === 2) builder.finishBlock();
    }
    builder.finishBlock();
    const facts = { writerId, nextSequence: 3, archiveBytes: builder.take().length };
    expect(bytesIn('hex').toString('hex')).to.equal(metadata.encode(facts)?.toString('hex'));
  });

  it('has the sections that the comments in lib name', () => {
    const titles = [
      'Frames',
      'Version 1',
      'Version 2',
      'Records',
      'The index',
      'The metadata index',
      'JSON lines',
      'Damage',
    ];
    for (const title of titles) expect(section(title), title).to.have.length.above(100);
  });

  it('has a row in its table of damage for every reason, and no other', () => {
    const source = readFileSync(new URL('lib/errors/damage-error.ts', PROJECT), 'utf8');
    const union = source.split('DamageReason =')[1]?.split(';')[0] ?? '';
    const reasons = [...union.matchAll(/'([a-z-]+)'/g)].map(([, reason]) => reason);
    const rows = [...section('Damage').matchAll(/^\| `([a-z-]+)` \|/gm)].map(
      ([, reason]) => reason,
    );
    expect(rows).to.deep.equal(reasons);
    expect(rows).to.have.length.above(10);
  });

  it('has correct examples of varints and zigzags', () => {
    const hexOf = (write: typeof writeVarint, value: number) => {
      const bytes = Buffer.alloc(8);
      const end = write(bytes, 0, value);
      return `\`${bytes.toString('hex', 0, end).replace(/..(?=.)/g, '$& ')}\``;
    };
    const text = section('Integers, times, text and limits').replaceAll('\n', ' ');
    for (const [value, shown] of [
      [0, '0'],
      [127, '127'],
      [128, '128'],
      [Number.MAX_SAFE_INTEGER, '2^53 - 1'],
    ] as const) {
      expect(text).to.include(`${hexOf(writeVarint, value)} is ${shown}`);
    }
    expect(text).to.include(`${hexOf(writeSignedVarint, -128)} is -128`);
    expect(text).to.include(`${hexOf(writeSignedVarint, Number.MAX_SAFE_INTEGER)} is 2^53 - 1`);
    expect(crc32('123456789')).to.equal(0xcbf43926);
  });

  it('has the limits of the code', () => {
    const MIB = 2 ** 20;
    expect(limits.DEFAULT_MAX_RECORD_BYTES).to.equal(64 * MIB);
    expect(limits.LARGEST_RECORD_BYTES).to.equal(1024 * MIB);
    expect(limits.DEFAULT_BLOCK_BYTES).to.equal(128 * 1024);
    expect(limits.LARGEST_BLOCK_BYTES).to.equal(16 * MIB);
    expect(limits.MAX_BLOCK_KEYS).to.equal(65_536);
    const text = section('Integers, times, text and limits');
    expect(text).to.include('| keys of a block | 65,536 |');
    expect(text).to.include('| `maxRecordBytes` | 64 MiB by default, at most 1 GiB |');
    expect(text).to.include('| `blockBytes` | 128 KiB by default, at most 16 MiB |');
    expect(text).to.include('| body of kind 1 | `maxRecordBytes` + 16 MiB |');
  });
});

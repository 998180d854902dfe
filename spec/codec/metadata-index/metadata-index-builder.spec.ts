import { expect } from 'chai';
import fc from 'fast-check';

import { KeySection } from '../../../lib/codec/metadata-index/key-section.js';
import {
  decodeMetadataDirectory,
  readMetadataIndexEnd,
} from '../../../lib/codec/metadata-index/metadata-directory.js';
import { MetadataIndexBuilder } from '../../../lib/codec/metadata-index/metadata-index-builder.js';
import type { BlockFacts } from '../../../lib/codec/version-2/block-builder.js';
import { ValueMatch, type WantedValues } from '../../../lib/codec/version-2/value-match.js';
import { createBlockBuilder, NOW_MICROS, WRITER_ID } from '../../support/encode-archive.js';

type Metadata = Readonly<Record<string, string>>;

interface Indexed {
  readonly frame: Buffer | null;
  readonly blocks: readonly BlockFacts[];
  readonly archiveBytes: number;
}

/** A block for each of `blocks`, and their metadata index. */
function index(
  keys: readonly string[],
  blocks: ReadonlyArray<readonly Metadata[]>,
  {
    mostRuns,
    mostValues,
    missing = 0,
  }: { mostRuns?: number; mostValues?: number; missing?: number } = {},
): Indexed {
  const builder = new MetadataIndexBuilder(
    keys.map((key) => Buffer.from(key)),
    mostRuns,
    mostValues,
  );
  const facts: BlockFacts[] = [];
  const encoder = createBlockBuilder({
    blockBytes: 2 ** 24,
    onBlock: (block, body) => {
      facts.push(block);
      builder.add(block, body);
    },
  });
  for (const records of blocks) {
    for (const metadata of records) encoder.add({ payload: 'x', metadata }, NOW_MICROS);
    encoder.finishBlock();
  }
  const archiveBytes = encoder.take().length;
  const missingBytes = facts.slice(0, missing).reduce((sum, { bytes }) => sum + bytes, 0);
  const frameFacts = { writerId: WRITER_ID, nextSequence: 9, archiveBytes };
  return { frame: builder.encode(frameFacts, missingBytes), blocks: facts, archiveBytes };
}

/** For each block whether it may match, as a reader finds it. Null if the index is invalid. */
function possible({ archiveBytes, blocks, frame }: Indexed, key: string, wanted: WantedValues) {
  if (frame === null) return null;
  const end = readMetadataIndexEnd(frame.subarray(-12), frame.length);
  if (end === null) return null;
  const directoryEnd = end.frameBytes - 12;
  const bytes = frame.subarray(directoryEnd - end.directoryBytes, directoryEnd);
  const directory = decodeMetadataDirectory(bytes, end, archiveBytes);
  const entry = directory?.sections.find((section) => section.key.toString() === key);
  if (!directory || !entry) return null;
  const { runs } = directory;
  const section = KeySection.decode(frame.subarray(entry.begin, entry.end), entry.crc, runs.length);
  const possibleRuns = section?.possibleRuns(new ValueMatch(wanted));
  let offset = 0;
  return blocks.map((block) => {
    const run = runs.findLastIndex((begin) => begin <= offset);
    offset += block.bytes;
    return possibleRuns?.[run];
  });
}

function rows(count: number, metadataOf: (i: number) => Metadata): Metadata[] {
  return Array.from({ length: count }, (_, i) => metadataOf(i));
}

describe('MetadataIndexBuilder', () => {
  it('never rules out a block that has a wanted value, whatever was merged or given up', () => {
    const value = fc.oneof(
      fc.constantFrom('', 'a', 'b', 'ä', 'x'.repeat(300)),
      fc.string({ maxLength: 4 }),
    );
    const metadata = fc.dictionary(fc.constantFrom('k', 'l', 'other'), value, {
      noNullPrototype: true,
    });
    const block = fc.oneof(
      fc.array(metadata, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 60, max: 90 }).map((count) => rows(count, (i) => ({ k: `${i}` }))),
    );
    const sizes = fc.record({
      mostRuns: fc.constantFrom(1, 2, 5, 100),
      mostValues: fc.constantFrom(3, 90, 1e6),
    });
    const property = fc.property(
      fc.array(block, { minLength: 1, maxLength: 12 }),
      sizes,
      (blocks, limits) => {
        const indexed = index(['k', 'l'], blocks, limits);
        const wanted: WantedValues[] = [
          '',
          'a',
          ['b', 'ä', 'no'],
          'x'.repeat(300),
          '61',
          /^6/,
          /x$/gy,
        ];
        for (const key of ['k', 'l']) {
          for (const values of wanted) {
            const found = possible(indexed, key, values);
            const match = new ValueMatch(values);
            for (const [i, records] of blocks.entries()) {
              const has = records.some((one) => {
                const bytes = Buffer.from(one[key] ?? '');
                return one[key] !== undefined && match.matches(bytes, 0, bytes.length);
              });
              if (has) expect(found?.[i], `${key} ${values} in block ${i}`).to.equal(true);
            }
          }
        }
      },
    );
    fc.assert(property, { numRuns: 30 });
  });

  it('rules out every block without a listed value, exactly', () => {
    const blocks = Array.from({ length: 40 }, (_, b) =>
      rows(30, (i) => ({ tenant: `t${b}`, n: `${i % 7}` })),
    );
    const indexed = index(['tenant', 'n'], blocks);
    expect(possible(indexed, 'tenant', 't7')).to.deep.equal(blocks.map((_, b) => b === 7));
    expect(possible(indexed, 'tenant', ['t7', 't9'])?.filter(Boolean)).to.have.length(2);
    expect(possible(indexed, 'tenant', /^t3.$/)?.filter(Boolean)).to.have.length(10);
    expect(possible(indexed, 'n', '8')?.some(Boolean)).to.equal(false);
    expect(possible(indexed, 'n', [])?.some(Boolean)).to.equal(false);
    expect(possible(indexed, 'other', 'x')).to.equal(null);
  });

  it('keeps many values as filters, in about two bytes per value', () => {
    const blocks = Array.from({ length: 20 }, (_, b) =>
      rows(500, (i) => ({ id: `request-${b}-${i}` })),
    );
    const indexed = index(['id'], blocks);
    expect(indexed.frame?.length).to.be.lessThan(2.1 * 20 * 500);
    expect(possible(indexed, 'id', 'request-7-99')?.[7]).to.equal(true);
    expect(possible(indexed, 'id', 'request-7-99')?.filter(Boolean)).to.have.length(1);
    // A filter does not hold the values that a RegExp could match.
    expect(possible(indexed, 'id', /^request-7-/)?.every(Boolean)).to.equal(true);
  });

  it('does not list rare long values in a small archive: that would take more than the records', () => {
    const blocks = Array.from({ length: 50 }, (_, b) =>
      rows(10, (i) => ({ id: `${b}/${i}`.padEnd(200, '.') })),
    );
    const { archiveBytes, frame } = index(['id'], blocks);
    expect(frame?.length).to.be.lessThan(archiveBytes / 50);
  });

  it('gives up the key with the most values when they would take too much memory', () => {
    const blocks = Array.from({ length: 20 }, (_, b) =>
      rows(100, (i) => ({ id: `${b} ${i}`, kind: `${b}` })),
    );
    const indexed = index(['id', 'kind'], blocks, { mostValues: 500 });
    expect(possible(indexed, 'id', 'absent')?.every(Boolean)).to.equal(true);
    expect(possible(indexed, 'kind', '3')?.filter(Boolean)).to.have.length.within(1, 4);
    expect(indexed.frame?.length).to.be.lessThan(1000);
  });

  it('leaves out runs at the start that are in another file', () => {
    const blocks = Array.from({ length: 6 }, (_, b) => rows(3, () => ({ k: `${b}` })));
    const indexed = index(['k'], blocks, { missing: 2 });
    const rest = { ...indexed, blocks: indexed.blocks.slice(2) };
    expect(possible(rest, 'k', '3')).to.deep.equal([false, true, false, false]);
    expect(index(['k'], blocks, { missing: 1, mostRuns: 3 }).frame).to.equal(null);
  });

  it('detects every flipped bit in what a reader uses, and never throws', () => {
    const blocks = Array.from({ length: 4 }, (_, b) =>
      rows(b === 2 ? 70 : 3, (i) => ({ k: `${b} ${i}`, l: 'x' })),
    );
    const indexed = index(['k', 'l'], blocks);
    const good = possible(indexed, 'k', '3 1');
    const { frame } = indexed;
    for (let at = 64; at < (frame?.length ?? 0); at++) {
      const damaged = Buffer.from(frame ?? []);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x10, at);
      const found = possible({ ...indexed, frame: damaged }, 'k', '3 1');
      if (found !== null && !found.includes(undefined)) expect(found).to.deep.equal(good);
    }
  });
});

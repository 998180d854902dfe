import { createHash } from 'node:crypto';

import { expect } from 'chai';

import { FrameScanner } from '../../../lib/codec/frames/frame-scanner.js';
import { encodeIndexFrame } from '../../../lib/codec/version-2/archive-index.js';
import { PartCollector } from '../../../lib/reading/verifying/part-collector.js';
import { RangeHash } from '../../../lib/reading/verifying/range-hash.js';
import { OTHER_WRITER_ID, sealArchive } from '../../support/damaged-archive.js';
import { encodeVersion1, WRITER_ID } from '../../support/encode-archive.js';
import { forgeFrame } from '../../support/forge-frame.js';
import { sha256Of } from '../../support/writer-tools.js';

const [WRITER, OTHER] = [WRITER_ID, OTHER_WRITER_ID].map((id) => id.toString('hex'));
const NO_DIGEST = '0'.repeat(64);

/** Collects the parts of a file whose bytes come in chunks of `size`. */
function collect(bytes: Buffer, size = bytes.length): PartCollector {
  const hash = new RangeHash();
  const collector = new PartCollector(hash);
  const scanner = new FrameScanner();
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    hash.push(chunk);
    scanner.push(chunk);
    for (let frame = scanner.next(); frame !== null; frame = scanner.next()) {
      collector.add(frame, frame.header?.records ?? 1);
    }
  }
  collector.end(bytes.length);
  return collector;
}

const blocksOf = (...payloads: string[]) => payloads.map((payload) => [{ payload }]);

const FIRST = sealArchive(blocksOf('a', 'b', 'c'), { writerEnded: false }).bytes;
const SECOND = sealArchive(blocksOf('d'), {
  ...{ sequence: 3, ordinal: 1 },
  previousSha256: createHash('sha256').update(FIRST).digest(),
}).bytes;
const OPEN = sealArchive(blocksOf('a', 'b'), { hasIndex: false }).bytes;
const STRANGE = sealArchive(blocksOf('x'), { writerId: OTHER_WRITER_ID, sequence: 5 }).bytes;

describe('PartCollector', () => {
  it('has one part for a sealed archive, with what its index says', () => {
    for (const size of [1, 7, FIRST.length]) {
      const { gaps, parts, unchecked } = collect(FIRST, size);
      expect(parts).to.deep.equal([
        {
          ...{ begin: 0, end: FIRST.length, writer: WRITER },
          ...{ records: 3, sequence: 0, nextSequence: 3 },
          index: {
            ...{ problem: undefined, ordinal: 0, previousSha256: NO_DIGEST },
            ...{ writerEnded: false, sha256: sha256Of(FIRST) },
          },
        },
      ]);
      expect([gaps, unchecked]).to.deep.equal([[], []]);
    }
  });

  it('has a part without an index for blocks at the end that were not sealed', () => {
    const { parts } = collect(Buffer.concat([STRANGE, OPEN]));
    expect(parts).to.have.length(2);
    expect(parts[1]).to.deep.equal({
      ...{ begin: STRANGE.length, end: STRANGE.length + OPEN.length, writer: WRITER },
      ...{ records: 2, sequence: 0, nextSequence: 2, index: undefined },
    });
  });

  it('has no part for a file without a frame', () => {
    expect(collect(Buffer.alloc(0)).parts).to.deep.equal([]);
  });

  it('divides a file after each index, and hashes each part by itself', () => {
    const { parts, unchecked } = collect(Buffer.concat([FIRST, SECOND, STRANGE]));
    expect(parts.map(({ writer }) => writer)).to.deep.equal([WRITER, WRITER, OTHER]);
    expect(parts.map(({ index }) => index?.sha256)).to.deep.equal(
      [FIRST, SECOND, STRANGE].map(sha256Of),
    );
    expect(parts.map(({ index }) => index?.problem)).to.deep.equal([
      undefined,
      undefined,
      undefined,
    ]);
    expect(parts[1]?.index?.previousSha256).to.equal(sha256Of(FIRST));
    expect(unchecked).to.deep.equal([]);
  });

  it('divides a file where the writer changes, though no index is there', () => {
    const { parts } = collect(Buffer.concat([OPEN, STRANGE]));
    expect(parts.map(({ begin, writer }) => [begin, writer])).to.deep.equal([
      [0, WRITER],
      [OPEN.length, OTHER],
    ]);
    expect(parts[0]?.index).to.equal(undefined);
    expect(parts[1]?.index).to.include({ problem: undefined, sha256: sha256Of(STRANGE) });
  });

  it('has one part for version 1, which has neither a writer nor sequences', () => {
    const old = encodeVersion1(['a', 'b']);
    const { parts } = collect(Buffer.concat([old, FIRST]));
    expect(parts[0]).to.deep.equal({
      ...{ begin: 0, end: old.length, writer: undefined },
      ...{ records: 2, sequence: undefined, nextSequence: undefined, index: undefined },
    });
    expect(parts[1]).to.include({ begin: old.length, writer: WRITER });
  });

  it('leaves a frame that may be skipped in the part around it, whatever its writer', () => {
    const [block] = sealArchive(blocksOf('a', 'b'), { hasIndex: false }).frames;
    const skippable = forgeFrame(Buffer.from('?'), { kind: 200, writer: OTHER ?? '' });
    const bytes = Buffer.concat([
      OPEN.subarray(0, block?.end),
      skippable,
      OPEN.subarray(block?.end),
    ]);
    const { gaps, parts } = collect(bytes);
    expect(parts).to.have.length(1);
    expect(parts[0]).to.include({ end: bytes.length, records: 2 });
    expect(gaps).to.deep.equal([]);
  });

  it('divides the blocks of one writer where an index says that its own begin', () => {
    const next = sealArchive(blocksOf('c'), { sequence: 2 }).bytes;
    const { parts, unchecked } = collect(Buffer.concat([OPEN, next]));
    expect(parts.map(({ begin, records, sequence }) => [begin, records, sequence])).to.deep.equal([
      [0, 2, 0],
      [OPEN.length, 1, 2],
    ]);
    expect(parts.map(({ index }) => index !== undefined)).to.deep.equal([false, true]);
    expect(unchecked.map(({ begin, end, part }) => [part, begin, end])).to.deep.equal([
      [1, OPEN.length, OPEN.length + next.length - next.readUInt32LE(next.length - 4)],
    ]);
  });

  it('reports an index that claims bytes of the part before it', () => {
    const begin = FIRST.length + OPEN.length;
    const index = {
      ...{ archiveBytes: begin - 1, sha256: Buffer.alloc(32), records: 0, ordinal: 1 },
      ...{ previousSha256: Buffer.alloc(32), writerEnded: true, entries: [] },
    };
    const frame = encodeIndexFrame(index, WRITER_ID, 2);
    const { parts, unchecked } = collect(Buffer.concat([FIRST, OPEN, frame]));
    expect(parts[1]?.index?.problem).to.equal(
      `it claims ${begin - 1} bytes, before it are only ${OPEN.length}`,
    );
    expect(parts[1]).to.include({ begin: FIRST.length, records: 2 });
    expect(unchecked).to.deep.equal([]);
  });

  it('reports an index that contradicts the blocks before it', () => {
    const [, second] = sealArchive(blocksOf('a', 'b', 'c')).frames;
    const bytes = Buffer.concat([FIRST.subarray(0, second?.begin), FIRST.subarray(second?.end)]);
    expect(collect(bytes).parts[0]?.index?.problem).to.not.equal(undefined);
  });

  it('finds gaps within the sequences of each writer, but none before its first block', () => {
    const later = sealArchive(blocksOf('y'), {
      ...{ writerId: OTHER_WRITER_ID, sequence: 9, hasIndex: false },
    }).bytes;
    const { gaps } = collect(Buffer.concat([FIRST, STRANGE, SECOND, later]));
    expect(gaps).to.deep.equal([{ writer: OTHER, from: 6, to: 9 }]);
  });

  it('names at most 1,000 gaps', () => {
    const blocks = Array.from({ length: 1002 }, (_, i) => {
      return sealArchive(blocksOf('x'), { sequence: 2 * i, hasIndex: false }).bytes;
    });
    expect(collect(Buffer.concat(blocks)).gaps).to.have.length(1000);
  });
});

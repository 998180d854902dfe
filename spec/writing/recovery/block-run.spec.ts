import { expect } from 'chai';

import { decodeIndexBody } from '../../../lib/codec/version-2/archive-index.js';
import { type FrameHeader, readFrameHeader } from '../../../lib/codec/version-2/frame-header.js';
import { HEADER_BYTES } from '../../../lib/format/version-2.js';
import { BlockRun } from '../../../lib/writing/recovery/block-run.js';
import type { PreviousArchive } from '../../../lib/writing/recovery/previous-archive.js';
import { encodeUnsealed } from '../../support/series.js';

const SHA256 = Buffer.alloc(32, 7);
const ZEROS = Buffer.alloc(32);

/** A block with two records. */
function blockAt(sequence: number): { readonly header: FrameHeader; readonly bytes: number } {
  const block = encodeUnsealed(['x', 'y'], { sequence, time: sequence });
  return { header: readFrameHeader(block), bytes: block.length };
}

/** A run of blocks that begin with these sequences. */
function runOf(sequences: readonly number[], previous?: Partial<PreviousArchive>): BlockRun {
  const { writer } = blockAt(0).header;
  const facts = { writer, ordinal: 4, nextSequence: 10, sha256: SHA256 };
  const run = new BlockRun(previous === undefined ? undefined : { ...facts, ...previous });
  for (const sequence of sequences) {
    const { bytes, header } = blockAt(sequence);
    run.add(header, bytes);
    run.grow(bytes);
  }
  return run;
}

const FIRST = { ordinal: 0, previousSha256: ZEROS, writerEnded: false };
const UNKNOWN = { ordinal: undefined, previousSha256: ZEROS, writerEnded: false };

describe('BlockRun', () => {
  it('is the first archive of its writer if it has the first record', () => {
    expect(runOf([0]).guessLink()).to.deep.equal(FIRST);
  });

  it('follows the previous archive if no record is missing in between', () => {
    const link = { ordinal: 5, previousSha256: SHA256, writerEnded: false };
    expect(runOf([10], {}).guessLink()).to.deep.equal(link);
    const unnumbered = { ...link, ordinal: undefined };
    expect(runOf([10], { ordinal: undefined }).guessLink()).to.deep.equal(unnumbered);
  });

  it('has no ordinal after a gap, or after an archive of another writer', () => {
    expect(runOf([12], {}).guessLink()).to.deep.equal(UNKNOWN);
    expect(runOf([10], { writer: 'f'.repeat(16) }).guessLink()).to.deep.equal(UNKNOWN);
    expect(runOf([10]).guessLink()).to.deep.equal(UNKNOWN);
  });

  it('encodes an index of its blocks, frames between them included', () => {
    const run = runOf([0]);
    run.grow(100);
    const { bytes, header } = blockAt(2);
    run.add(header, bytes);
    run.grow(bytes);
    const frame = run.encodeIndex(FIRST, SHA256);
    expect(readFrameHeader(frame)).to.include({ sequence: 4, writer: header.writer });
    const index = decodeIndexBody(frame.subarray(HEADER_BYTES), 0);
    expect(index).to.deep.include({ ...FIRST, sha256: SHA256, records: 4 });
    const first = blockAt(0).bytes;
    expect(index.archiveBytes).to.equal(first + 100 + bytes);
    expect(index.entries.map(({ offset }) => offset)).to.deep.equal([0, first + 100]);
  });

  it('is followed by a run that continues its chain', () => {
    const next = runOf([8], {}).next(SHA256, { ...FIRST, ordinal: 3 });
    const { bytes, header } = blockAt(10);
    next.add(header, bytes);
    expect(next.guessLink()).to.deep.equal({ ...FIRST, ordinal: 4, previousSha256: SHA256 });
  });

  it('refuses to encode an index without a block', () => {
    expect(() => runOf([]).encodeIndex(FIRST, SHA256)).to.throw('no block to index');
  });
});

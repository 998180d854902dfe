import { expect } from 'chai';

import { encodeIndexFrame } from '../../../lib/codec/version-2/archive-index.js';
import { HEADER_BYTES } from '../../../lib/format/version-2.js';
import type { ArchiveEnds } from '../../../lib/series/opening/archive-tail.js';
import { readIndexBefore, readIndexChain } from '../../../lib/series/opening/index-chain.js';
import { collectGarbage } from '../../support/collect-garbage.js';
import { flipBit, sealArchive } from '../../support/damaged-archive.js';
import { WRITER_ID } from '../../support/encode-archive.js';

const FIRST = sealArchive([[{ payload: 'a' }], [{ payload: 'b' }]]);
const SECOND = sealArchive([[{ payload: 'c' }]], { sequence: 2, ordinal: 1 });
const BOTH = Buffer.concat([FIRST.bytes, SECOND.bytes]);

/** A source in memory that counts the bytes read. */
function sourceOf(bytes: Buffer) {
  const source = {
    readBytes: 0,
    size: async () => bytes.length,
    read: async ({ start, end }: { readonly start: number; readonly end: number }) => {
      source.readBytes += end - start;
      return bytes.subarray(start, end);
    },
  };
  return source satisfies ArchiveEnds;
}

describe('readIndexChain', () => {
  it('lists the archives of a file from the last to the first', async () => {
    const { archives, isWhole } = await readIndexChain(sourceOf(BOTH), ({ begin, index }) => ({
      begin,
      ordinal: index.ordinal,
    }));
    expect(archives).to.deep.equal([
      { begin: FIRST.bytes.length, ordinal: 1 },
      { begin: 0, ordinal: 0 },
    ]);
    expect(isWhole).to.equal(true);
  });

  it('reports a chain that does not reach the start of the file', async () => {
    const { archives, isWhole } = await readIndexChain(
      sourceOf(BOTH.subarray(FIRST.bytes.length - 10)),
      ({ begin }) => begin,
    );
    expect([archives.length, isWhole]).to.deep.equal([1, false]);
  });

  it('follows at most 1,024 archives', async () => {
    const file = Buffer.concat(Array(1025).fill(SECOND.bytes));
    const { archives, isWhole } = await readIndexChain(sourceOf(file), ({ begin }) => begin);
    expect([archives.length, isWhole]).to.deep.equal([1024, false]);
  });

  it('has one index in memory at a time', async () => {
    const entries = Array.from({ length: 65_536 }, (_, offset) => ({
      ...{ offset, records: 1, sequence: offset },
      ...{ earliestMicros: 0, latestMicros: 0 },
    }));
    const [sha256, previousSha256] = [Buffer.alloc(32), Buffer.alloc(32)];
    const facts = { archiveBytes: 65_536, sha256, records: 65_536, ordinal: 0, previousSha256 };
    const frame = encodeIndexFrame({ ...facts, writerEnded: false, entries }, WRITER_ID, 65_536);
    const file = Buffer.concat(Array(8).fill(Buffer.concat([Buffer.alloc(65_536), frame])));
    const before = process.memoryUsage().heapUsed;
    let last = 0;
    const { archives, isWhole } = await readIndexChain(sourceOf(file), ({ begin }) => {
      if (begin > 0) return begin;
      collectGarbage();
      last = process.memoryUsage().heapUsed;
      return begin;
    });
    expect([archives.length, isWhole]).to.deep.equal([8, true]);
    // Eight take 70 MB.
    expect(last - before).to.be.below(30 * 2 ** 20);
  });

  it('lists none of a file that is cut off anywhere', async () => {
    for (let size = 0; size < FIRST.bytes.length; size++) {
      const chain = await readIndexChain(
        sourceOf(FIRST.bytes.subarray(0, size)),
        ({ begin }) => begin,
      );
      expect(chain, `${size} bytes`).to.deep.equal({ archives: [], isWhole: false });
    }
  });
});

describe('readIndexBefore', () => {
  const indexBegin = FIRST.frames.at(-1)?.begin ?? 0;

  it('finds the archive whose index ends at an offset', async () => {
    const found = await readIndexBefore(sourceOf(BOTH), FIRST.bytes.length);
    expect(found).to.deep.include({ begin: 0, indexBegin });
    expect(found?.header.sequence).to.equal(2);
  });

  it('finds none if any bit of the index is flipped', async () => {
    for (let bit = 8 * indexBegin; bit < 8 * FIRST.bytes.length; bit++) {
      const bytes = flipBit(FIRST.bytes, bit);
      expect(await readIndexBefore(sourceOf(bytes), bytes.length), `bit ${bit}`).to.equal(null);
    }
  });

  it('reads no more than the header of an index that is not wanted', async () => {
    const source = sourceOf(FIRST.bytes);
    const found = await readIndexBefore(source, FIRST.bytes.length, () => false);
    expect([found, source.readBytes]).to.deep.equal([null, 4 + HEADER_BYTES]);
    const wanted = await readIndexBefore(source, FIRST.bytes.length, (header) => {
      return header.sequence === 2;
    });
    expect(wanted?.index.records).to.equal(2);
  });
});

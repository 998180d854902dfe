import { expect } from 'chai';
import fc from 'fast-check';

import type { BlockFacts } from '../../../lib/codec/version-2/block-builder.js';
import { IndexBuilder } from '../../../lib/codec/version-2/index-builder.js';

function block(sequence: number, bytes = 100, records = 1): BlockFacts {
  const times = { earliestMicros: sequence, latestMicros: sequence + 5 };
  return { bytes, records, sequence, ...times, flags: 0 };
}

describe('IndexBuilder', () => {
  it('is empty at first', () => {
    const builder = new IndexBuilder();
    expect([builder.records, builder.entries]).to.deep.equal([0, []]);
  });

  it("has an entry per block, at the block's offset", () => {
    const builder = new IndexBuilder();
    builder.add(block(0, 100, 3));
    builder.add(block(3, 70, 2));
    expect(builder.records).to.equal(5);
    expect(builder.entries).to.deep.equal([
      { offset: 0, records: 3, sequence: 0, earliestMicros: 0, latestMicros: 5 },
      { offset: 100, records: 2, sequence: 3, earliestMicros: 3, latestMicros: 8 },
    ]);
  });

  it('adds a block at the offset of skipTo', () => {
    const builder = new IndexBuilder();
    builder.skipTo(40);
    builder.add(block(0, 100));
    builder.skipTo(200);
    builder.add(block(1));
    expect(builder.entries.map(({ offset }) => offset)).to.deep.equal([40, 200]);
  });

  it('merges neighbours at its limit, and continues with runs of that length', () => {
    const builder = new IndexBuilder(4);
    const runs: number[][] = [];
    for (let i = 0; i < 9; i++) {
      builder.add(block(i));
      runs.push(builder.entries.map((entry) => entry.records));
    }
    expect(runs).to.deep.equal([
      [1],
      [1, 1],
      [1, 1, 1],
      [1, 1, 1, 1],
      [2, 2, 1],
      [2, 2, 2],
      [2, 2, 2, 1],
      [2, 2, 2, 2],
      [4, 4, 1],
    ]);
  });

  it('keeps the widest times of a run', () => {
    const builder = new IndexBuilder(2);
    for (const times of [
      [5, 6],
      [-1, 2],
      [9, 9],
    ]) {
      const [earliestMicros = 0, latestMicros = 0] = times;
      builder.add({ bytes: 10, records: 1, sequence: 0, earliestMicros, latestMicros, flags: 0 });
    }
    expect(builder.entries).to.deep.equal([
      { offset: 0, records: 2, sequence: 0, earliestMicros: -1, latestMicros: 6 },
      { offset: 20, records: 1, sequence: 0, earliestMicros: 9, latestMicros: 9 },
    ]);
  });

  it('covers every block once, in order, whatever the limit', () => {
    const blocks = fc.array(fc.record({ bytes: fc.nat(999), records: fc.nat(9) }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(blocks, fc.integer({ min: 2, max: 9 }), (some, maxEntries) => {
        const builder = new IndexBuilder(maxEntries);
        const offsets = new Map<number, number>();
        let [offset, sequence] = [0, 0];
        for (const { bytes, records } of some) {
          offsets.set(sequence, offset);
          builder.add(block(sequence, bytes + 65, records + 1));
          offset += bytes + 65;
          sequence += records + 1;
        }
        expect(builder.entries.length).to.be.at.most(maxEntries);
        expect(builder.records).to.equal(sequence);
        let next = 0;
        for (const entry of builder.entries) {
          expect(entry.sequence).to.equal(next);
          expect(entry.offset).to.equal(offsets.get(next));
          next += entry.records;
        }
        expect(next).to.equal(sequence);
      }),
    );
  });
});

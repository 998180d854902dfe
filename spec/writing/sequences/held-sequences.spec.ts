import { expect } from 'chai';
import fc from 'fast-check';

import { ArchiveProgress } from '../../../lib/writing/receipts/archive-progress.js';
import { HeldSequences } from '../../../lib/writing/sequences/held-sequences.js';

describe('HeldSequences', () => {
  it('finds exactly what was added first, with its archive and its number there', () => {
    const archives = Array.from({ length: 3 }, () => new ArchiveProgress());
    const spans = fc.array(
      fc.record({ begin: fc.nat(60), length: fc.integer({ min: 1, max: 20 }), of: fc.nat(2) }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(spans, (added) => {
        const held = new HeldSequences();
        const expected = new Map<number, readonly [number, number]>();
        for (const { begin, length, of } of added) {
          const progress = archives[of] ?? new ArchiveProgress();
          held.add(begin, begin + length, { progress, recordNumber: 100 * of });
          for (let i = 0; i < length; i++) {
            if (!expected.has(begin + i)) expected.set(begin + i, [of, 100 * of + i]);
          }
        }
        for (let sequence = 0; sequence < 90; sequence++) {
          const found = held.find(sequence);
          const [of, recordNumber] = expected.get(sequence) ?? [];
          expect(found?.recordNumber).to.equal(recordNumber);
          if (of !== undefined) expect(found?.progress).to.equal(archives[of]);
        }
      }),
    );
  });

  it('does not find a record that was lost, which can be added again', () => {
    const held = new HeldSequences();
    const progress = new ArchiveProgress();
    held.add(10, 20, { progress, recordNumber: 0 });
    progress.lose(['written', 'synced'], { begin: 5, end: 6 }, new Error('lost'));
    expect(held.find(14)?.recordNumber).to.equal(4);
    expect(held.find(15)).to.equal(undefined);
    held.forget(15);
    held.add(15, 16, { progress, recordNumber: 30 });
    expect([14, 15, 16].map((sequence) => held.find(sequence)?.recordNumber)).to.deep.equal([
      ...[4, 30, 6],
    ]);
  });

  it('forgets the lowest of too many ranges, and claims none that was not added', () => {
    const held = new HeldSequences();
    const progress = new ArchiveProgress();
    for (let i = 0; i < 70_000; i++) held.add(2 * i, 2 * i + 1, { progress, recordNumber: i });
    expect(held.find(0)).to.equal(undefined);
    expect(held.find(139_998)?.recordNumber).to.equal(69_999);
    expect(held.find(139_997)).to.equal(undefined);
  });
});

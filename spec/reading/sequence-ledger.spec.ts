import { expect } from 'chai';

import type { FrameHeader } from '../../lib/codec/version-2/frame-header.js';
import { SequenceLedger } from '../../lib/reading/sequence-ledger.js';
import type { SequenceGap } from '../../lib/series/opening/sequence-gap.js';

describe('SequenceLedger', () => {
  function block(sequence: number, records: number, writer = 'a'): FrameHeader {
    const facts = {
      version: 2,
      kind: 1,
      codec: 0,
      bodyBytes: 9,
      storedBytes: 9,
      bodyCrc: 0,
      flags: 0,
    };
    return { ...facts, sequence, records, writer, earliestMicros: 0, latestMicros: 0 };
  }

  function create(whenLate: 'fail' | 'drop' = 'drop') {
    const gaps: SequenceGap[] = [];
    return { gaps, ledger: new SequenceLedger({ whenLate, onGap: (gap) => gaps.push(gap) }) };
  }

  it('skips records that were read before, for each writer by itself', () => {
    const { gaps, ledger } = create('fail');
    ledger.noteRead(block(10, 5));
    ledger.noteRead(block(15, 5));
    expect(ledger.passOver(block(10, 5))).to.equal(5);
    expect(ledger.passOver(block(12, 8))).to.equal(8);
    expect(ledger.passOver(block(18, 9))).to.equal(2);
    expect(ledger.passOver(block(20, 3))).to.equal(0);
    expect(ledger.passOver(block(10, 5, 'b'))).to.equal(0);
    expect(ledger.has(block(11, 9))).to.equal(true);
    expect(ledger.has(block(11, 10))).to.equal(false);
    expect(gaps).to.deep.equal([]);
  });

  it('reports gaps, but none before the first record', () => {
    const { gaps, ledger } = create();
    ledger.noteRead(block(10, 5));
    ledger.noteRead(block(20, 5));
    ledger.noteRead(block(20, 7));
    ledger.noteRead(block(28, 1));
    expect(gaps).to.deep.equal([
      { writer: 'a', from: 15, to: 20 },
      { writer: 'a', from: 27, to: 28 },
    ]);
  });

  it('drops records that come after later ones, or fails, and still recognises repeats', () => {
    for (const late of [block(5, 5), block(15, 5), block(17, 9)]) {
      const dropping = create('drop').ledger;
      const failing = create('fail').ledger;
      for (const ledger of [dropping, failing]) {
        ledger.noteRead(block(10, 5));
        ledger.noteRead(block(20, 5));
        expect(ledger.passOver(block(11, 4))).to.equal(4);
        expect(ledger.passOver(block(22, 3))).to.equal(3);
      }
      expect(dropping.passOver(late)).to.equal(late.records);
      expect(() => failing.passOver(late))
        .to.throw(`record ${late.sequence} of writer a comes after its record 24`)
        .with.property('code', 'ERR_ARCHIVE_ORDER');
    }
  });

  it('remembers a bounded number of ranges', () => {
    const { gaps, ledger } = create('fail');
    for (let i = 0; i < 3000; i++) ledger.noteRead(block(2 * i, 1));
    expect(gaps).to.have.length(2999);
    expect(ledger.has(block(5998, 1))).to.equal(true);
    expect(ledger.has(block(2 * 2500, 1))).to.equal(true);
  });
});

import { expect } from 'chai';

import type { FrameHeader } from '../../../lib/codec/version-2/frame-header.js';
import {
  type LateRecords,
  SequenceLedger,
} from '../../../lib/reading/sequences/sequence-ledger.js';
import type { SequenceGap } from '../../../lib/series/opening/sequence-gap.js';

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

  function create(whenLate: 'fail' | 'read' = 'read') {
    const gaps: SequenceGap[] = [];
    const late: LateRecords[] = [];
    const repeats: SequenceGap[] = [];
    const ledger = new SequenceLedger({
      whenLate,
      onGap: (gap) => gaps.push(gap),
      onLate: (records) => late.push(records),
      onRepeat: (records) => repeats.push(records),
    });
    ledger.beginArchive('x');
    return { gaps, late, ledger, repeats };
  }

  it('passes over exactly what was read before, for each writer by itself', () => {
    const { gaps, ledger } = create();
    ledger.noteRead(block(10, 5));
    ledger.noteRead(block(20, 5));
    expect(ledger.passOver(block(10, 5))).to.deep.equal([{ begin: 10, end: 15 }]);
    expect(ledger.passOver(block(12, 2))).to.deep.equal([{ begin: 12, end: 14 }]);
    expect(ledger.passOver(block(5, 25))).to.deep.equal([
      { begin: 10, end: 15 },
      { begin: 20, end: 25 },
    ]);
    for (const unread of [block(0, 10), block(15, 5), block(25, 3), block(10, 5, 'b')]) {
      expect(ledger.passOver(unread)).to.deep.equal([]);
    }
    expect(ledger.has(block(11, 4))).to.equal(true);
    expect(ledger.has(block(11, 5))).to.equal(false);
    expect(gaps).to.deep.equal([{ writer: 'a', from: 15, to: 20 }]);
  });

  it('reports gaps, but none before the first record', () => {
    const { gaps, ledger } = create();
    for (const [sequence, records] of [
      [10, 5],
      [20, 5],
      [20, 7],
      [28, 1],
    ] as const) {
      ledger.noteRead(block(sequence, records));
    }
    expect(gaps).to.deep.equal([
      { writer: 'a', from: 15, to: 20 },
      { writer: 'a', from: 27, to: 28 },
    ]);
  });

  it('lets late records be read, and reports them and repeats', () => {
    const { late, ledger, repeats } = create();
    ledger.noteRead(block(10, 5));
    ledger.beginArchive('y');
    for (const header of [block(5, 2), block(0, 20), block(10, 5)]) ledger.noteRead(header);
    const facts = { writer: 'a', archive: 'y', isEmitted: true };
    expect(late).to.deep.equal([
      { ...facts, from: 5, to: 7 },
      { ...facts, from: 0, to: 5 },
      { ...facts, from: 7, to: 10 },
    ]);
    expect(repeats).to.deep.equal([
      { writer: 'a', from: 5, to: 7 },
      { writer: 'a', from: 10, to: 15 },
      { writer: 'a', from: 10, to: 15 },
    ]);
  });

  it('refuses records that are later than another archive, if told so', () => {
    const { ledger } = create('fail');
    ledger.noteRead(block(20, 5));
    expect(ledger.passOver(block(5, 5))).to.deep.equal([]);
    ledger.beginArchive('y');
    expect(() => ledger.passOver(block(5, 5)))
      .to.throw('record 5 of writer a comes after its record 24')
      .with.property('code', 'ERR_ARCHIVE_ORDER');
    expect(ledger.passOver(block(25, 5))).to.deep.equal([]);
  });

  it('asks for a comparison of blocks that are not the same, once for each two archives', () => {
    const others = [{ bodyCrc: 1 }, { bodyBytes: 8 }, { earliestMicros: -1 }, { latestMicros: 1 }];
    for (const other of others) {
      const { ledger } = create();
      ledger.noteRead(block(10, 5));
      ledger.beginArchive('y');
      ledger.noteRead(block(10, 5));
      expect(ledger.takeOverlaps()).to.deep.equal([]);
      ledger.noteRead({ ...block(10, 5), ...other });
      expect(ledger.takeOverlaps()).to.deep.equal([
        { writer: 'a', first: 0, second: 1, begin: 10, end: 15 },
      ]);
    }
    const { ledger } = create();
    ledger.noteRead(block(10, 10));
    ledger.beginArchive('y');
    ledger.noteRead(block(10, 1));
    ledger.noteRead(block(15, 10));
    expect(ledger.takeOverlaps()).to.deep.equal([
      { writer: 'a', first: 0, second: 1, begin: 10, end: 20 },
    ]);
    expect(ledger.takeOverlaps()).to.deep.equal([]);
  });

  it('does not take a run with other times for one that was read', () => {
    const { ledger } = create();
    ledger.noteRead(block(10, 5));
    ledger.noteRead({ ...block(15, 5), latestMicros: 7 });
    expect(ledger.has({ ...block(10, 10), latestMicros: 7 })).to.equal(true);
    expect(ledger.has(block(10, 10))).to.equal(false);
  });

  it('remembers a bounded number of ranges, and reports what it may have to leave out', () => {
    const { gaps, late, ledger } = create();
    for (let i = 0; i < 70_000; i++) ledger.noteRead(block(2 * i, 1));
    expect(gaps).to.have.length(69_999);
    expect(ledger.has(block(139_998, 1))).to.equal(true);
    expect(ledger.passOver(block(139_997, 1))).to.deep.equal([]);
    expect(ledger.passOver(block(1, 1))).to.deep.equal([{ begin: 1, end: 2 }]);
    ledger.noteRead(block(1, 1));
    const expected = { writer: 'a', from: 1, to: 2, archive: 'x', isEmitted: false };
    expect(late).to.deep.equal([expected]);
  });

  it('reports no gap before a block whose writer was given its sequences', () => {
    const { gaps, late, ledger } = create();
    ledger.noteRead(block(0, 5));
    ledger.noteRead({ ...block(10, 5), flags: 1 });
    ledger.noteRead(block(20, 5));
    expect(gaps).to.deep.equal([{ writer: 'a', from: 15, to: 20 }]);
    // Another host may have archived what is missing.
    expect(ledger.passOver({ ...block(5, 5), flags: 1 })).to.deep.equal([]);
    ledger.noteRead({ ...block(5, 5), flags: 1 });
    expect(late.map(({ from, isEmitted, to }) => [from, to, isEmitted])).to.deep.equal([
      [5, 10, true],
    ]);
  });

  it('reads an overlapping run that the names misplace, unless it holds late records', () => {
    const { ledger } = create();
    ledger.noteRead({ ...block(0, 100), flags: 1 });
    ledger.beginArchive('y', new Error('misplaced'));
    expect(ledger.passOver({ ...block(80, 40), flags: 1 })).to.deep.equal([
      { begin: 80, end: 100 },
    ]);
    ledger.noteRead({ ...block(80, 40), flags: 1 });
    ledger.noteRead({ ...block(200, 10), flags: 1 });
    expect(() => ledger.passOver(block(150, 10))).to.throw('misplaced');
  });

  it('does not take a run with gaps for one that was read, unless all of its span was', () => {
    const { gaps, ledger } = create();
    ledger.noteRead(block(0, 10));
    ledger.noteRead({ ...block(20, 10), flags: 1 });
    expect(ledger.has({ ...block(0, 20), end: 30 })).to.equal(false);
    ledger.noteSkipped({ ...block(30, 5), end: 50, hasGaps: true });
    // Another archive may hold the sequences that the run lacks.
    expect(ledger.has(block(40, 5))).to.equal(false);
    ledger.noteRead(block(50, 1));
    expect(gaps).to.deep.equal([]);
  });
});

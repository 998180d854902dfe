import { expect } from 'chai';

import { MemberFactsBuilder } from '../../../../lib/codec/compression/members/member-facts-builder.js';
import { measureFrame } from '../../../../lib/codec/frames/measure-frame.js';
import { encodeVersion1 } from '../../../support/encode-archive.js';
import { type ForgedHeader, forgeFrame } from '../../../support/forge-frame.js';

function add(facts: MemberFactsBuilder, header: ForgedHeader): void {
  addBytes(facts, forgeFrame(Buffer.alloc(0), header));
}

function addBytes(facts: MemberFactsBuilder, frame: Buffer): void {
  const measured = measureFrame(frame);
  if (measured === null || typeof measured === 'number') throw new Error('no frame');
  facts.addFrame(measured);
}

const WHOLE = { beginsWhole: true };

describe('MemberFactsBuilder', () => {
  it('covers the frames of a member, and starts over with the next', () => {
    const facts = new MemberFactsBuilder();
    add(facts, { sequence: 5n, records: 2, earliestMicros: 10n, latestMicros: 20n });
    add(facts, { sequence: 7n, records: 1, earliestMicros: 5n, latestMicros: 15n });
    add(facts, { kind: 2, records: 0, sequence: 8n });
    expect(facts.take(300, { beginsWhole: false })).to.deep.equal({
      ...{ rawBytes: 300, records: 3, beginsWhole: true, isTimed: true },
      ...{ sequence: 5, earliestMicros: 5, latestMicros: 20 },
    });
    expect(facts.take(100, WHOLE)).to.deep.equal({
      ...{ rawBytes: 100, records: 0, beginsWhole: false, isTimed: true },
      ...{ sequence: 0, earliestMicros: 0, latestMicros: 0 },
    });
  });

  it('has no times if one record has none', () => {
    const facts = new MemberFactsBuilder();
    add(facts, { records: 2, latestMicros: 20n });
    addBytes(facts, encodeVersion1([{ payload: 'x' }]));
    expect(facts.take(1, WHOLE)).to.include({ records: 3, isTimed: false, latestMicros: 0 });
    add(facts, { records: 2, sequence: 2n });
    expect(facts.take(1, WHOLE)).to.include({ records: 2, isTimed: true });
    expect(facts).to.include({ isExact: true, writer: '0102030405060708' });
  });

  it('has no times in a member that continues a record of version 1', () => {
    const facts = new MemberFactsBuilder();
    addBytes(facts, encodeVersion1([{ payload: 'x' }]));
    const members = [0, 1, 2].map((i) => facts.take(1, { beginsWhole: i === 2 }));
    expect(members.map(({ isTimed }) => isTimed)).to.deep.equal([false, false, false]);
    expect(facts.take(1, WHOLE).isTimed).to.equal(true);
  });

  it('has no times after bytes of unknown content', () => {
    const facts = new MemberFactsBuilder();
    add(facts, { kind: 77 });
    for (let i = 0; i < 2; i++) expect(facts.take(1, WHOLE).isTimed).to.equal(false);
    expect(facts).to.include({ isExact: false, writer: null });
  });

  it('names the writer only if its sequences ascend', () => {
    const writerOf = (...headers: ForgedHeader[]) => {
      const facts = new MemberFactsBuilder();
      for (const header of headers) add(facts, header);
      return facts.writer;
    };
    const writer = '0102030405060708';
    expect(writerOf()).to.equal(null);
    expect(writerOf({ sequence: 3n, records: 2 }, { sequence: 5n })).to.equal(writer);
    expect(writerOf({ sequence: 3n, records: 2 }, { sequence: 9n })).to.equal(writer);
    expect(writerOf({ sequence: 3n, records: 2 }, { sequence: 4n })).to.equal(null);
    expect(writerOf({}, { sequence: 1n, writer: '00'.repeat(8) })).to.equal(null);
  });
});

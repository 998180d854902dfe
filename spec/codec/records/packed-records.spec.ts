import { expect } from 'chai';

import { type ArchiveRecord, originOf } from '../../../lib/codec/records/archive-record.js';
import { PackedRecords } from '../../../lib/codec/records/packed-records.js';
import { decodeArchive, plain } from '../../support/decode-archive.js';
import { encodeBlocks, encodeJsonLines, encodeVersion1 } from '../../support/encode-archive.js';

describe('PackedRecords', () => {
  const inputs = Array.from({ length: 40 }, (_, i) => ({
    metadata: new Map([['n', `${i}`]]),
    payload: `{"record":${i}}`,
    timeMicros: 1_796_017_298_123_456 + i,
  }));
  const of = (bytes: Buffer) => decodeArchive(bytes, { archive: 'a.events' });

  function takeAll(packed: PackedRecords): ArchiveRecord[] {
    const taken: ArchiveRecord[] = [];
    for (let record = packed.take(); record !== undefined; record = packed.take()) {
      taken.push(record);
    }
    return taken;
  }

  it('gives the records of any blocks and versions back, in order', () => {
    const records = [
      ...of(encodeBlocks(inputs, { blockBytes: 128 })),
      ...of(encodeVersion1(inputs)),
      ...of(encodeBlocks(inputs)).filter((_, i) => i % 7 > 2),
      ...of(encodeJsonLines(inputs)),
    ];
    const packed = new PackedRecords(records);
    expect(packed).to.include({ left: records.length, nextMicros: records[0]?.timeMicros });
    const taken = takeAll(packed);
    expect(taken.map(plain)).to.deep.equal(records.map(plain));
    expect(taken.map((record) => record.toJSON())).to.deep.equal(records.map((r) => r.toJSON()));
    expect(packed).to.include({ left: 0, nextMicros: undefined });
  });

  it('lets only records share facts that are of one block and emitted together', () => {
    const packed = new PackedRecords(of(encodeBlocks(inputs)));
    const [first, second] = [packed.take(), packed.take()];
    packed.beginTogether();
    const third = packed.take();
    const origins = [first, second, third].map((record) => record && originOf(record));
    expect(origins[0]).to.equal(origins[1]);
    expect(origins[0]).to.not.equal(origins[2]);
  });
});

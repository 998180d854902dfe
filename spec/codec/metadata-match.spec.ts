import { expect } from 'chai';
import fc from 'fast-check';

import { ArchiveDecoder } from '../../lib/codec/archive-decoder.js';
import { MetadataMatch } from '../../lib/codec/metadata-match.js';
import { encodeBlocks } from '../support/encode-archive.js';

/** Few, so that they meet. */
const text = fc.constantFrom('', 'a', 'b', 'ab', 'ä', '1', '__proto__', 'x'.repeat(200));
const pairs = fc.uniqueArray(fc.tuple(text, text), { selector: ([key]) => key, maxLength: 4 });

describe('MetadataMatch', () => {
  it('selects of a block what comparing decoded metadata does', () => {
    const property = fc.property(fc.array(pairs, { maxLength: 20 }), pairs, (records, wanted) => {
      const where = Object.fromEntries(wanted.filter(([key]) => key !== '__proto__'));
      const inputs = records.map((metadata, i) => ({
        payload: `${i}`,
        metadata: new Map(metadata),
      }));
      const metadata = new MetadataMatch(where);
      const decoder = new ArchiveDecoder(
        {},
        {
          selection: {
            ...{ earliestMicros: Number.NEGATIVE_INFINITY, latestMicros: Number.POSITIVE_INFINITY },
            ...{ metadata, passOver: () => 0, heed: () => undefined },
          },
        },
      );
      decoder.push(encodeBlocks(inputs, { blockBytes: 1024 }));
      decoder.end();
      const found: string[] = [];
      for (let next = decoder.next(); next !== null; next = decoder.next()) {
        found.push(...next.map((record) => record.text()));
      }
      const expected = inputs.filter((input) =>
        Object.entries(where).every(([key, value]) => input.metadata.get(key) === value),
      );
      expect(found).to.deep.equal(expected.map(({ payload }) => payload));
      for (const input of inputs) {
        const raw = [...input.metadata].map(
          ([key, value]) => [Buffer.from(key), Buffer.from(value)] as const,
        );
        expect(metadata.matches(raw)).to.equal(expected.includes(input));
      }
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('has the last pair count where a key is there twice', () => {
    const pair = (key: string, value: string) => [Buffer.from(key), Buffer.from(value)] as const;
    const match = new MetadataMatch({ a: '1' });
    expect(match.matches([pair('a', '2'), pair('a', '1')])).to.equal(true);
    expect(match.matches([pair('a', '1'), pair('a', '2')])).to.equal(false);
    const block = match.forKeys([Buffer.from('b'), Buffer.from('a'), Buffer.from('a')]);
    const bytes = (...indexes: number[]) => Buffer.from(indexes.flatMap((i) => [i, 1, 0x30 + i]));
    expect(block?.matches(bytes(0, 1), 0, 6)).to.equal(true);
    expect(block?.matches(bytes(1, 2), 0, 6)).to.equal(false);
    expect(match.forKeys([Buffer.from('b')])).to.equal(null);
  });
});

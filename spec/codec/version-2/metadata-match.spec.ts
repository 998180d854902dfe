import { expect } from 'chai';
import fc from 'fast-check';

import { ArchiveDecoder } from '../../../lib/codec/archive-decoder.js';
import { VarintReader } from '../../../lib/codec/bytes/varint-reader.js';
import type { RecordSelection } from '../../../lib/codec/version-2/block-selection.js';
import { MetadataMatch } from '../../../lib/codec/version-2/metadata-match.js';
import { DamageError } from '../../../lib/errors/damage-error.js';
import { encodeBlocks } from '../../support/encode-archive.js';
import { forgeBody, forgeFrame, forgeKeyTable, forgeRecord } from '../../support/forge-frame.js';

/** Only a few, so that they often match. */
const text = fc.constantFrom('', 'a', 'b', 'ab', 'ä', '1', '__proto__', 'x'.repeat(200));
const pairs = fc.uniqueArray(fc.tuple(text, text), { selector: ([key]) => key, maxLength: 4 });

function selectionOf(where: Record<string, string>): RecordSelection {
  return {
    earliestMicros: Number.NEGATIVE_INFINITY,
    latestMicros: Number.POSITIVE_INFINITY,
    metadata: new MetadataMatch(where),
    passOver: () => [],
    noteRead: () => undefined,
  };
}

describe('MetadataMatch', () => {
  it('selects the same records as comparing decoded metadata', () => {
    const property = fc.property(fc.array(pairs, { maxLength: 20 }), pairs, (records, wanted) => {
      const where = Object.fromEntries(wanted.filter(([key]) => key !== '__proto__'));
      const inputs = records.map((metadata, i) => ({
        payload: `${i}`,
        metadata: new Map(metadata),
      }));
      const metadata = new MetadataMatch(where);
      const decoder = new ArchiveDecoder({}, { selection: selectionOf(where) });
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

  it('detects damage in unwanted records', () => {
    const wanted = forgeRecord('p', Buffer.of(0, 1, 0x78));
    const damaged = forgeRecord('p', Buffer.of(1, 0));
    const body = forgeBody(Buffer.concat([wanted, damaged, wanted]), forgeKeyTable('a'));
    const decoder = new ArchiveDecoder({}, { selection: selectionOf({ a: 'x' }) });
    decoder.push(forgeFrame(body, { records: 3 }));
    expect(() => decoder.next())
      .to.throw(DamageError)
      .with.property('reason', 'bad-body');
  });

  it('uses the last pair if a key occurs twice', () => {
    const pair = (key: string, value: string) => [Buffer.from(key), Buffer.from(value)] as const;
    const match = new MetadataMatch({ a: '1' });
    expect(match.matches([pair('a', '2'), pair('a', '1')])).to.equal(true);
    expect(match.matches([pair('a', '1'), pair('a', '2')])).to.equal(false);
    const block = match.forKeys([Buffer.from('b'), Buffer.from('a'), Buffer.from('a')]);
    const bytes = (...indexes: number[]) => Buffer.from(indexes.flatMap((i) => [i, 1, 0x30 + i]));
    const matches = (metadata: Buffer) =>
      block?.matches(new VarintReader(metadata), metadata, 0, metadata.length);
    expect(matches(bytes(0, 1))).to.equal(true);
    expect(matches(bytes(1, 2))).to.equal(false);
    expect(match.forKeys([Buffer.from('b')])).to.equal(null);
  });
});

import { expect } from 'chai';
import fc from 'fast-check';

import { anyMetadata, anyRecord, anyText, expectedOf } from '../support/arbitrary-record.js';
import { decodeChunks, plain } from '../support/decode-archive.js';
import { encodeBlocks, encodeJsonLines, encodeVersion1 } from '../support/encode-archive.js';
import type { NamedProperty } from './named-property.js';
import { cutBySizes, pieceSizes } from './piece-sizes.js';

const records = fc.array(anyRecord, { maxLength: 12 });

export const roundTrip: NamedProperty = {
  name: 'any records that are written are read, in any version, blocks and chunks',
  property: fc.property(
    records,
    fc.constantFrom(1, 100, 5000),
    fc.boolean(),
    pieceSizes,
    (written, blockBytes, isVersion1, sizes) => {
      const archive = isVersion1 ? encodeVersion1(written) : encodeBlocks(written, { blockBytes });
      const { records: read, error } = decodeChunks(cutBySizes(archive, sizes));
      expect(error).to.equal(undefined);
      const expected = written.map((record, i) => expectedOf(record, isVersion1 ? undefined : i));
      expect(read.map(plain)).to.deep.equal(expected);
    },
  ),
};

/** Large enough to need many chunks and slabs. */
const hugePayload = fc
  .tuple(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.integer({ min: 1, max: 2 ** 19 }))
  .map(([piece, bytes]) => Buffer.alloc(bytes, piece));

export const hugeRoundTrip: NamedProperty = {
  name: 'a payload of any size, between others, is read as it was written',
  property: fc.property(
    hugePayload,
    records,
    fc.boolean(),
    fc.constantFrom(4096, 65_536, 1_000_003),
    (payload, others, isVersion1, size) => {
      const written = [...others, { payload }, ...others];
      const archive = isVersion1 ? encodeVersion1(written) : encodeBlocks(written);
      const { records: read, error } = decodeChunks(cutBySizes(archive, [size]));
      expect(error).to.equal(undefined);
      expect(read).to.have.length(written.length);
      expect(read[others.length]?.payload.equals(payload)).to.equal(true);
    },
  ),
};

const anyObject = fc.dictionary(anyText, fc.jsonValue(), { maxKeys: 4 });

export const linesRoundTrip: NamedProperty = {
  name: 'any objects that are written as JSON lines are read, with their metadata, in any chunks',
  property: fc.property(
    fc.array(fc.record({ metadata: anyMetadata, payload: anyObject }), { maxLength: 8 }),
    pieceSizes,
    (written, sizes) => {
      const lines = written.map(({ metadata, payload }) => {
        const { meta: _, ...rest } = payload;
        return { metadata, payload: JSON.stringify(rest) };
      });
      const archive = encodeJsonLines(lines, 'meta');
      const options = { metadataKey: 'meta' };
      const { records: read, error } = decodeChunks(cutBySizes(archive, sizes), options);
      expect(error).to.equal(undefined);
      expect(read.map(({ payload }) => payload.toString())).to.deep.equal(
        lines.map(({ payload }) => payload),
      );
      // A JSON object does not keep the order of keys that are whole numbers.
      const expected = lines.map((line) => expectedOf(line).metadata.sort());
      expect(read.map((record) => plain(record).metadata.sort())).to.deep.equal(expected);
    },
  ),
};

import { expect } from 'chai';
import fc from 'fast-check';

import { anyRecord, expectedOf } from '../support/arbitrary-record.js';
import { decodeChunks, plain } from '../support/decode-archive.js';
import { encodeBlocks, encodeVersion1 } from '../support/encode-archive.js';
import type { NamedProperty } from './named-property.js';
import { cutBySizes, pieceSizes } from './piece-sizes.js';

const records = fc.array(anyRecord, { maxLength: 12 });

export const roundTrip: NamedProperty = {
  name: 'whatever records are written are read, whatever the version, the blocks and the pieces',
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

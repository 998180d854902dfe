import { expect } from 'chai';

import {
  MAGIC,
  MAGIC_BYTES,
  MAGIC_OFFSET,
  PREAMBLE_BYTES,
  VERSION_OFFSET,
} from '../../lib/format/preamble.js';

describe('preamble', () => {
  it('is the magic number as an int32 and the version as an int16', () => {
    expect([MAGIC_OFFSET, VERSION_OFFSET, PREAMBLE_BYTES]).to.deep.equal([0, 4, 6]);
  });

  it('has the magic number 0x69867884, little-endian', () => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(MAGIC);
    expect([...bytes]).to.deep.equal([...MAGIC_BYTES]);
    expect(bytes.toString('hex')).to.equal('84788669');
  });
});

import { expect } from 'chai';

import { parseMaxRecordBytes } from '../../../lib/codec/records/record-encoder.js';

describe('parseMaxRecordBytes', () => {
  it('is 64 MiB unless told otherwise', () => {
    expect(parseMaxRecordBytes()).to.equal(64 * 2 ** 20);
  });

  it('takes a size from 1 byte to 1 GiB', () => {
    expect(parseMaxRecordBytes(1)).to.equal(1);
    expect(parseMaxRecordBytes('1 GiB')).to.equal(2 ** 30);
  });

  for (const value of [0, 2 ** 30 + 1, '2 GiB', -1, 'much']) {
    it(`refuses ${value}`, () => {
      expect(() => parseMaxRecordBytes(value)).to.throw(RangeError, 'maxRecordBytes is ');
    });
  }
});

import { expect } from 'chai';

import {
  checkRecordBytes,
  parseMaxRecordBytes,
} from '../../../lib/codec/records/record-encoder.js';
import { RecordError } from '../../../lib/errors/record-error.js';

describe('parseMaxRecordBytes', () => {
  it('is 64 MiB by default', () => {
    expect(parseMaxRecordBytes()).to.equal(64 * 2 ** 20);
  });

  it('accepts a size from 1 byte to 1 GiB', () => {
    expect(parseMaxRecordBytes(1)).to.equal(1);
    expect(parseMaxRecordBytes('1 GiB')).to.equal(2 ** 30);
  });

  for (const value of [0, 2 ** 30 + 1, '2 GiB', -1, 'much']) {
    it(`refuses ${value}`, () => {
      expect(() => parseMaxRecordBytes(value)).to.throw(RangeError, 'maxRecordBytes is ');
    });
  }
});

describe('checkRecordBytes', () => {
  it('accepts a record of exactly the limit', () => {
    expect(() => checkRecordBytes(10, 10)).to.not.throw();
  });

  it('refuses one byte more, and shows size and limit', () => {
    expect(() => checkRecordBytes(11, 10)).to.throw(
      RecordError,
      'payload of a record makes it 11 bytes, more than maxRecordBytes 10',
    );
  });
});

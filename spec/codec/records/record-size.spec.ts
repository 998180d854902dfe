import { expect } from 'chai';

import { checkRecordBytes } from '../../../lib/codec/records/record-size.js';
import { RecordError } from '../../../lib/errors/record-error.js';

describe('checkRecordBytes', () => {
  it('takes a record of exactly the limit', () => {
    expect(() => checkRecordBytes(10, 10)).to.not.throw();
  });

  it('refuses one byte more, and shows size and limit', () => {
    expect(() => checkRecordBytes(11, 10)).to.throw(
      RecordError,
      'payload of a record makes it 11 bytes, more than maxRecordBytes 10',
    );
  });
});

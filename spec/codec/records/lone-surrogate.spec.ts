import { expect } from 'chai';

import { loneSurrogate } from '../../../lib/codec/records/lone-surrogate.js';
import { RecordError } from '../../../lib/errors/record-error.js';

describe('loneSurrogate', () => {
  it('is a RecordError that names the field', () => {
    expect(loneSurrogate('payload')).to.be.instanceOf(RecordError);
    expect(loneSurrogate('payload').field).to.equal('payload');
  });
});

import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';
import { RecordError } from '../../lib/errors/record-error.js';

describe('RecordError', () => {
  it('names the field at fault', () => {
    const error = new RecordError('metadata["user"]', 'is a number, expected a string');
    expect(error).to.be.instanceOf(ArchiveError);
    expect(error).to.include({ name: 'RecordError', code: 'ERR_INVALID_RECORD' });
    expect(error.field).to.equal('metadata["user"]');
    expect(error.message).to.equal('metadata["user"] of a record is a number, expected a string');
  });

  it('keeps its cause', () => {
    const cause = new Error('why');
    expect(new RecordError('payload', 'has no JSON', { cause }).cause).to.equal(cause);
  });
});

import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';

describe('ArchiveError', () => {
  it('is an Error with a stable code', () => {
    const error = new ArchiveError('ERR_SOMETHING', 'something is so');
    expect(error).to.be.instanceOf(Error);
    expect(error.name).to.equal('ArchiveError');
    expect(error.code).to.equal('ERR_SOMETHING');
    expect(error.message).to.equal('something is so');
  });

  it('keeps its cause', () => {
    const cause = new Error('why');
    expect(new ArchiveError('ERR_SOMETHING', 'so', { cause }).cause).to.equal(cause);
  });
});

import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';
import { StoreError } from '../../lib/errors/store-error.js';

describe('StoreError', () => {
  const failure = {
    operation: 'put',
    target: 's3://bucket/a.events.gz',
    problem: 'the bucket is not there',
    storeCode: 'NoSuchBucket',
    transient: false,
  };

  it('says what was tried, on what, and why it did not work', () => {
    expect(new StoreError(failure).message).to.equal(
      'cannot put s3://bucket/a.events.gz: the bucket is not there',
    );
  });

  it('has its facts as fields', () => {
    const { problem, ...facts } = failure;
    expect(problem).to.be.a('string');
    const error = new StoreError(failure, { cause: 'why' });
    expect(error).to.be.instanceOf(ArchiveError);
    expect(error).to.include({ ...facts, name: 'StoreError', code: 'ERR_STORE', cause: 'why' });
  });
});

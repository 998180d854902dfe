import { expect } from 'chai';

import { checkPage, nextMarkers } from '../../../lib/stores/s3/list-pages.js';

const $metadata = {};

describe('nextMarkers', () => {
  it('goes on behind the last upload of a page', () => {
    const page = { $metadata, IsTruncated: true, NextKeyMarker: 'k', NextUploadIdMarker: 'u' };
    expect(nextMarkers(page)).to.deep.equal({ KeyMarker: 'k', UploadIdMarker: 'u' });
  });

  it('goes on behind a key, where the service names no upload', () => {
    const page = { $metadata, IsTruncated: true, NextKeyMarker: 'k' };
    expect(nextMarkers(page)).to.deep.equal({ KeyMarker: 'k' });
  });

  it('ends with the last page, also where a service says where it would go on', () => {
    expect(nextMarkers({ $metadata, NextKeyMarker: 'k' })).to.equal(undefined);
    expect(nextMarkers({ $metadata, IsTruncated: false, NextKeyMarker: 'k' })).to.equal(undefined);
  });

  it('ends where a service says that there is more, but not where', () => {
    expect(nextMarkers({ $metadata, IsTruncated: true })).to.equal(undefined);
  });
});

describe('checkPage', () => {
  it('takes a last page, and one that says where the next one is', () => {
    for (const page of [
      { $metadata },
      { $metadata, IsTruncated: false },
      { $metadata, IsTruncated: true, NextContinuationToken: 't' },
    ]) {
      expect(checkPage(page)).to.equal(page);
    }
  });

  it('refuses one that says that there is more, but not where', () => {
    expect(() => checkPage({ $metadata, IsTruncated: true })).to.throw(Error, 'there is more');
  });
});

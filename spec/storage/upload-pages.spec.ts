import { expect } from 'chai';

import { nextMarkers } from '../../lib/storage/upload-pages.js';

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

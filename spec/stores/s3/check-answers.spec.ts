import { expect } from 'chai';

import { checkGet, checkHead, ListingCheck } from '../../../lib/stores/s3/check-answers.js';

const ok = { $metadata: { httpStatusCode: 200 } };
const partial = { $metadata: { httpStatusCode: 206 } };

describe('checkHead', () => {
  it('needs the status 200 and a size', () => {
    expect(checkHead({ ...ok, ContentLength: 0 })).to.deep.equal({ bytes: 0, metadata: {} });
    for (const answer of [ok, { ...ok, ContentLength: Number.NaN }, { ...ok, ContentLength: -1 }]) {
      expect(() => checkHead(answer)).to.throw('no valid Content-Length');
    }
    expect(() => checkHead({ ...partial, ContentLength: 1 })).to.throw('expected the status 200');
  });
});

describe('checkGet', () => {
  const whole = { range: undefined, ifMatch: undefined };
  const part = { range: { start: 10, end: 20 }, ifMatch: undefined };

  it('gives the length of the body', () => {
    expect(checkGet({ ...ok, ContentLength: 9 }, whole)).to.equal(9);
    expect(checkGet(ok, whole)).to.equal(undefined);
    expect(checkGet({ ...partial, ContentRange: 'bytes 10-19/30' }, part)).to.equal(10);
    expect(checkGet({ ...partial, ContentRange: 'bytes 10-14/15' }, part)).to.equal(5);
    const rest = { range: { start: 10 }, ifMatch: undefined };
    expect(checkGet({ ...partial, ContentRange: 'bytes 10-14/15' }, rest)).to.equal(5);
  });

  it('accepts the whole object where the range means just that', () => {
    const all = { range: { start: 0, end: 20 }, ifMatch: undefined };
    expect(checkGet({ ...ok, ContentLength: 20 }, all)).to.equal(20);
    expect(() => checkGet({ ...ok, ContentLength: 21 }, all)).to.throw('whole object (200)');
    expect(() => checkGet(ok, all)).to.throw('whole object (200)');
    expect(() => checkGet({ ...ok, ContentLength: 20 }, part)).to.throw('whole object (200)');
  });

  for (const [ContentRange, ContentLength] of [
    [undefined, 10],
    ['', 10],
    ['bytes */30', 10],
    ['bytes 0-9/30', 10],
    ['bytes 10-18/30', 9],
    ['bytes 10-20/30', 11],
    ['bytes 10-19/30', 30],
    ['bytes 10-19/15', 10],
  ] as const) {
    it(`refuses Content-Range ${ContentRange} with ${ContentLength} bytes for bytes 10 to 20`, () => {
      const range = ContentRange === undefined ? {} : { ContentRange };
      expect(() => checkGet({ ...partial, ...range, ContentLength }, part)).to.throw(
        'asked for bytes 10 to 20, got',
      );
    });
  }

  it('refuses another object, and one that does not say which it is', () => {
    const asked = { ...whole, ifMatch: '"a"' };
    expect(checkGet({ ...ok, ETag: '"a"', ContentLength: 1 }, asked)).to.equal(1);
    expect(() => checkGet({ ...ok, ETag: '"b"' }, asked))
      .to.throw('asked for the object "a", got "b"')
      .with.property('name', 'PreconditionFailed');
    expect(() => checkGet(ok, asked)).to.throw('got no ETag');
  });
});

describe('ListingCheck', () => {
  const Contents = [{ Key: 'pre/a', Size: 1 }];

  it('gives the keys of a page, and the token of the next one', () => {
    const check = new ListingCheck('pre/');
    const page = { ...ok, Contents, IsTruncated: true, NextContinuationToken: 't' };
    const keys = [{ key: 'pre/a', bytes: 1, etag: undefined }];
    expect(check.objects(page)).to.deep.equal({ keys, next: 't' });
    expect(check.objects({ ...ok, IsTruncated: false })).to.deep.equal({
      keys: [],
      next: undefined,
    });
  });

  it('refuses a document that is not a listing', () => {
    expect(() => new ListingCheck('').objects(ok)).to.throw('not a listing');
    expect(() => new ListingCheck('').uploads(ok)).to.throw('not a listing');
  });

  it('refuses keys without the prefix, and entries without key or size', () => {
    for (const entry of [{ Key: 'other/a', Size: 1 }, { Size: 1 }, { Key: 'pre/a' }]) {
      const page = { ...ok, Contents: [entry], IsTruncated: false };
      expect(() => new ListingCheck('pre/').objects(page)).to.throw(/got "other|without/);
    }
  });

  it('refuses a page that announces more without saying where', () => {
    const page = { ...ok, IsTruncated: true };
    expect(() => new ListingCheck('').objects(page)).to.throw('more, but not where');
    expect(() => new ListingCheck('').uploads(page)).to.throw('more, but not where');
  });

  it('refuses to go back to an earlier page', () => {
    const check = new ListingCheck('');
    const page = (token: string) => ({
      ...{ ...ok, Contents, IsTruncated: true },
      NextContinuationToken: token,
    });
    check.objects(page('a'));
    check.objects(page('b'));
    expect(() => check.objects(page('a'))).to.throw('goes back to an earlier page');
    const uploads = { ...ok, IsTruncated: true, NextKeyMarker: 'k', NextUploadIdMarker: 'u' };
    const other = new ListingCheck('');
    expect(other.uploads(uploads).next).to.deep.equal({ KeyMarker: 'k', UploadIdMarker: 'u' });
    expect(() => other.uploads(uploads)).to.throw('goes back to an earlier page');
  });

  it('refuses empty pages without end, and pages of more keys than were asked for', () => {
    const check = new ListingCheck('');
    const read = () => {
      for (let n = 0; n < 2000; n++) {
        check.objects({ ...ok, IsTruncated: true, NextContinuationToken: String(n) });
      }
    };
    expect(read).to.throw('more than 1000 empty pages in a row');
    const many = Array.from({ length: 1001 }, (_, n) => ({ Key: `${n}`, Size: 1 }));
    const page = { ...ok, Contents: many, IsTruncated: false };
    expect(() => new ListingCheck('').objects(page)).to.throw('asked for 1000 keys, got 1001');
  });

  it('gives uploads, and refuses those without an id or a time', () => {
    const startedAt = new Date(5);
    const upload = { Key: 'a', UploadId: 'u', Initiated: startedAt };
    const page = { ...ok, IsTruncated: false, Uploads: [upload] };
    expect(new ListingCheck('').uploads(page).uploads).to.deep.equal([
      { key: 'a', uploadId: 'u', startedAt },
    ]);
    for (const entry of [
      { Key: 'a', UploadId: 'u' },
      { Key: 'a', Initiated: startedAt },
    ]) {
      expect(() => new ListingCheck('').uploads({ ...page, Uploads: [entry] })).to.throw('without');
    }
  });
});

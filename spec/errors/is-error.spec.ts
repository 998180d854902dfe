import { runInNewContext } from 'node:vm';

import { expect } from 'chai';

import { isError, isMisuse, isUrl } from '../../lib/errors/is-error.js';

const foreign = (code: string): unknown => runInNewContext(code, { URL, DOMException });

describe('isError', () => {
  it('knows errors of this realm and of others', () => {
    const abort = AbortSignal.abort().reason;
    for (const error of [new TypeError('a'), abort, foreign('new Error("a")')]) {
      expect(isError(error)).to.equal(true);
    }
    expect(isError(foreign('new (class extends RangeError {})("a")'))).to.equal(true);
    for (const other of [undefined, null, 'Error', {}, { message: 'a', stack: '' }]) {
      expect(isError(other)).to.equal(false);
    }
  });
});

describe('isMisuse', () => {
  it('knows a TypeError and a RangeError of any realm', () => {
    const errors = [new TypeError('a'), foreign('new TypeError("a")'), foreign('new RangeError()')];
    for (const error of errors) expect(isError(error) && isMisuse(error)).to.equal(true);
    expect(isMisuse(new Error('a'))).to.equal(false);
  });
});

describe('isUrl', () => {
  it('knows URLs of this realm and of others, and no text', () => {
    const ofJsdom = {
      get [Symbol.toStringTag]() {
        return 'URL';
      },
    };
    for (const url of [new URL('s3://a/b'), ofJsdom]) expect(isUrl(url)).to.equal(true);
    expect(isUrl('s3://a/b')).to.equal(false);
  });
});

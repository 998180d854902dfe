import { readFile } from 'node:fs/promises';

import { expect } from 'chai';

import { StoreError } from '../../lib/errors/store-error.js';
import {
  fromSystemError,
  isMissing,
  isTransient,
  systemCodeOf,
} from '../../lib/files/system-error.js';
import { rejection } from '../support/store-tools.js';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: no space left on device, write`), { code });
}

describe('fromSystemError', () => {
  it('keeps the code, the cause, and the message of the system', () => {
    const cause = systemError('ENOSPC');
    const error = fromSystemError(cause, 'put', '/a/b');
    expect(error).to.be.instanceOf(StoreError);
    expect(error).to.include({ operation: 'put', storeCode: 'ENOSPC', transient: true, cause });
    expect(error).to.have.property('message', 'cannot put /a/b: no space left on device (ENOSPC)');
  });

  it('reads the message of a real system error', async () => {
    const cause = await rejection(readFile('/dev/null/a'));
    expect(fromSystemError(cause, 'get', 'a'))
      .to.be.instanceOf(StoreError)
      .and.to.have.property('message', 'cannot get a: not a directory (ENOTDIR)');
  });

  it('returns a StoreError, and everything that is not a system error, as it is', () => {
    const problem = { operation: 'put', target: 'a', problem: 'it failed', transient: false };
    for (const error of [new StoreError(problem), new TypeError('misuse'), 'text', undefined]) {
      expect(fromSystemError(error, 'get', 'b')).to.equal(error);
    }
  });
});

describe('isTransient', () => {
  it('is true for errors that may pass by themselves', () => {
    const codes = ['ENOSPC', 'EIO', 'EMFILE', 'ENOENT', 'EACCES', 'EINVAL'];
    const transient = codes.filter((code) => isTransient(systemError(code)));
    expect(transient).to.deep.equal(['ENOSPC', 'EIO', 'EMFILE']);
  });
});

describe('isMissing', () => {
  it('is true for a missing file, and for a path that leads through a file', () => {
    const codes = ['ENOENT', 'ENOTDIR', 'EACCES'];
    const missing = codes.filter((code) => isMissing(systemError(code)));
    expect(missing).to.deep.equal(['ENOENT', 'ENOTDIR']);
  });
});

describe('systemCodeOf', () => {
  it('is undefined for the codes of Node and Shoebox, and without a code', () => {
    const codes = ['EIO', 'ERR_STORE', 'ERR_INVALID_ARG_TYPE'].map((code) =>
      systemCodeOf(systemError(code)),
    );
    expect(codes).to.deep.equal(['EIO', undefined, undefined]);
    expect(systemCodeOf(new Error('EIO'))).to.equal(undefined);
    expect(systemCodeOf({ code: 'EIO' })).to.equal(undefined);
  });
});

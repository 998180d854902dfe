import { expect } from 'chai';

import {
  createUploadId,
  parseTemporaryName,
  toTemporaryName,
} from '../../lib/files/temporary-name.js';

describe('toTemporaryName', () => {
  it('gives a hidden name from which the later name and the id can be read', () => {
    const uploadId = createUploadId();
    for (const name of ['a', '.a', 'a.part', 'b c.é.gz']) {
      const temporary = toTemporaryName({ name, uploadId });
      expect(temporary).to.equal(`.${name}.${uploadId}.part`);
      expect(parseTemporaryName(temporary)).to.deep.equal({ name, uploadId });
    }
  });
});

describe('parseTemporaryName', () => {
  it('is null for every other name', () => {
    const id = '0123456789abcdef';
    for (const name of [
      'a',
      `a.${id}.part`,
      `..${id}.part`,
      `.a.${id}.par`,
      `.a.${id.slice(1)}.part`,
      `.a.${id.toUpperCase()}.part`,
      `.a.${id}.part.gz`,
    ]) {
      expect(parseTemporaryName(name), name).to.equal(null);
    }
  });
});

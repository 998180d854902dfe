import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { expect } from 'chai';

import {
  compareObject,
  comparePart,
  type FoundObject,
  type SentObject,
} from '../../../lib/stores/s3/compare-etags.js';
import type { WriteAnswer } from '../../../lib/stores/s3/s3-api.js';
import { checksumText, digestsOf, UploadDigests } from '../../../lib/stores/s3/upload-digests.js';

const PARTS = [Buffer.from('first'), Buffer.from('second')];
const WHOLE = Buffer.concat(PARTS);

function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}

function sentInParts(isProven = true): SentObject {
  const digests = new UploadDigests();
  PARTS.forEach((part, i) => {
    digests.setPart(i + 1, { ...digestsOf(part, 'crc32 and md5'), isProven });
  });
  return { bytes: WHOLE.length, crc32: crc32(WHOLE), digests, etag: '"e-2"' };
}

function sentWhole(): SentObject {
  const digests = new UploadDigests();
  digests.setWhole({ ...digestsOf(WHOLE, 'crc32 and md5'), isProven: true });
  return { bytes: WHOLE.length, crc32: crc32(WHOLE), digests, etag: '"e"' };
}

function found(facts: Partial<FoundObject> = {}): FoundObject {
  return { bytes: WHOLE.length, etag: undefined, checksum: undefined, ...facts };
}

describe('comparePart', () => {
  const sent = digestsOf(WHOLE, 'crc32 and md5');
  const etag = md5(WHOLE).toString('hex');

  function compare(answer: WriteAnswer, isEtagMd5 = true) {
    return comparePart({ name: 'part 7', sent, answer, isEtagMd5 });
  }

  it('accepts an equal checksum, whatever the ETag', () => {
    const ChecksumCRC32 = checksumText(crc32(WHOLE));
    const same = { kind: 'same', evidence: 'checksum' };
    expect(compare({ ChecksumCRC32, ETag: '"other"' })).to.deep.equal(same);
  });

  it('accepts an ETag that is the MD5, with or without quotes', () => {
    for (const ETag of [etag, `"${etag}"`]) {
      expect(compare({ ETag }, false)).to.deep.equal({ kind: 'same', evidence: 'etag' });
    }
  });

  it('reports another checksum, and another ETag of a store whose ETags are MD5s', () => {
    for (const [answer, problem] of [
      [
        { ChecksumCRC32: 'AAAAAA==', ETag: etag },
        `CRC-32 ${checksumText(crc32(WHOLE))}, but the store has AAAAAA==`,
      ],
      [{ ETag: '"other"' }, `MD5 ${etag}, but the store has other`],
    ] as const) {
      expect(compare(answer)).to.deep.equal({
        kind: 'other',
        problem: `sent part 7 of ${problem}`,
      });
    }
  });

  it('does not know when the ETag may be something else than an MD5', () => {
    const encrypted = { ETag: '"other"', ServerSideEncryption: 'aws:kms' };
    const verdicts = [compare({ ETag: '"other"' }, false), compare(encrypted), compare({})];
    for (const verdict of verdicts) expect(verdict).to.deep.equal({ kind: 'unknown' });
  });

  it('does not know when no MD5 was computed', () => {
    const digests = digestsOf(WHOLE, 'crc32');
    const part = { name: 'part 7', sent: digests, answer: { ETag: etag }, isEtagMd5: true };
    expect(comparePart(part)).to.deep.equal({ kind: 'unknown' });
  });
});

describe('compareObject', () => {
  const multipartEtag = `${md5(Buffer.concat(PARTS.map(md5))).toString('hex')}-2`;

  it('accepts the checksum of the object', () => {
    const checksum = checksumText(crc32(WHOLE));
    for (const sent of [sentWhole(), sentInParts()]) {
      const verdict = compareObject(sent, found({ checksum }));
      expect(verdict).to.deep.equal({ kind: 'same', evidence: 'checksum' });
    }
  });

  it("accepts the checksum of the parts' checksums", () => {
    const checksums = PARTS.map((part) => Buffer.from(checksumText(crc32(part)), 'base64'));
    const checksum = `${checksumText(crc32(Buffer.concat(checksums)))}-2`;
    const verdict = compareObject(sentInParts(), found({ checksum }));
    expect(verdict).to.deep.equal({ kind: 'same', evidence: 'checksum' });
  });

  it('accepts an ETag of MD5s, with or without quotes', () => {
    for (const etag of [multipartEtag, `"${multipartEtag}"`]) {
      const verdict = compareObject(sentInParts(), found({ etag }));
      expect(verdict).to.deep.equal({ kind: 'same', evidence: 'etag' });
    }
    const verdict = compareObject(sentWhole(), found({ etag: md5(WHOLE).toString('hex') }));
    expect(verdict).to.deep.equal({ kind: 'same', evidence: 'etag' });
  });

  it('accepts proven parts of an object that has the ETag of the last answer', () => {
    const verdict = compareObject(sentInParts(), found({ etag: '"e-2"' }));
    expect(verdict).to.deep.equal({ kind: 'same', evidence: 'part-digests' });
  });

  for (const [what, sent, object] of [
    ['HEAD gives only the size', sentInParts(), found()],
    ['the digest of a part is not proven', sentInParts(false), found({ etag: '"e-2"' })],
    [
      'the answer with its ETag was lost',
      { ...sentInParts(), etag: undefined },
      found({ etag: 'x' }),
    ],
  ] as const) {
    it(`does not know when ${what}`, () => {
      expect(compareObject(sent, object)).to.deep.equal({ kind: 'unknown' });
    });
  }

  for (const [what, object, says] of [
    ['the store has nothing', null, 'has nothing'],
    ['the size is another', found({ bytes: 1 }), 'has 1'],
    ['the checksum is another', found({ checksum: 'AAAAAA==' }), 'CRC-32'],
    ["the parts' checksum is another", found({ checksum: 'AAAAAA==-2' }), 'CRC-32'],
    ['the ETag is not the one in the answer', found({ etag: '"other-2"' }), 'ETag'],
  ] as const) {
    it(`reports another object when ${what}`, () => {
      const verdict = compareObject(sentInParts(), object);
      expect(verdict).to.have.property('kind', 'other');
      expect(verdict).to.have.property('problem').that.includes(says);
    });
  }

  it('prefers the checksum to the ETag', () => {
    const object = found({ checksum: 'AAAAAA==', etag: multipartEtag });
    expect(compareObject(sentInParts(), object)).to.have.property('kind', 'other');
  });
});

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { expect } from 'chai';

import { checksumText, digestsOf, SentObject } from '../../../lib/stores/s3/sent-object.js';
import {
  type FoundObject,
  type SentWhole,
  weighEvidence,
} from '../../../lib/stores/s3/weigh-evidence.js';

const PARTS = [Buffer.from('first'), Buffer.from('second')];
const WHOLE = Buffer.concat(PARTS);

function md5(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}

function sentInParts(isProven = true): SentWhole {
  const parts = new SentObject();
  PARTS.forEach((part, i) => {
    parts.setPart(i + 1, { ...digestsOf(part, 'crc32 and md5'), isProven });
  });
  return { bytes: WHOLE.length, crc32: crc32(WHOLE), parts, etag: '"e-2"' };
}

function sentWhole(): SentWhole {
  const parts = new SentObject();
  parts.setWhole({ ...digestsOf(WHOLE, 'crc32 and md5'), isProven: true });
  return { bytes: WHOLE.length, crc32: crc32(WHOLE), parts, etag: '"e"' };
}

function found(facts: Partial<FoundObject> = {}): FoundObject {
  return { bytes: WHOLE.length, etag: undefined, checksum: undefined, ...facts };
}

describe('weighEvidence', () => {
  const multipartEtag = `${md5(Buffer.concat(PARTS.map(md5))).toString('hex')}-2`;

  it('takes the checksum of the object', () => {
    const checksum = checksumText(crc32(WHOLE));
    for (const sent of [sentWhole(), sentInParts()]) {
      const verdict = weighEvidence(sent, found({ checksum }));
      expect(verdict).to.deep.equal({ kind: 'same', evidence: 'checksum' });
    }
  });

  it("takes the checksum of the parts' checksums", () => {
    const checksums = PARTS.map((part) => Buffer.from(checksumText(crc32(part)), 'base64'));
    const checksum = `${checksumText(crc32(Buffer.concat(checksums)))}-2`;
    const verdict = weighEvidence(sentInParts(), found({ checksum }));
    expect(verdict).to.deep.equal({ kind: 'same', evidence: 'checksum' });
  });

  it('takes an ETag of MD5s, with or without quotes', () => {
    for (const etag of [multipartEtag, `"${multipartEtag}"`]) {
      const verdict = weighEvidence(sentInParts(), found({ etag }));
      expect(verdict).to.deep.equal({ kind: 'same', evidence: 'etag' });
    }
    const verdict = weighEvidence(sentWhole(), found({ etag: md5(WHOLE).toString('hex') }));
    expect(verdict).to.deep.equal({ kind: 'same', evidence: 'etag' });
  });

  it('takes parts that are proven, of an object with the ETag that the last answer gave', () => {
    const verdict = weighEvidence(sentInParts(), found({ etag: '"e-2"' }));
    expect(verdict).to.deep.equal({ kind: 'same', evidence: 'part-digests' });
  });

  for (const [what, sent, object] of [
    ['nothing is told of it but its size', sentInParts(), found()],
    ['a part is not proven', sentInParts(false), found({ etag: '"e-2"' })],
    [
      'the answer with its ETag was lost',
      { ...sentInParts(), etag: undefined },
      found({ etag: 'x' }),
    ],
  ] as const) {
    it(`does not know where ${what}`, () => {
      expect(weighEvidence(sent, object)).to.deep.equal({ kind: 'unknown' });
    });
  }

  for (const [what, object, says] of [
    ['there is nothing', null, 'has nothing'],
    ['the size is another', found({ bytes: 1 }), 'has 1'],
    ['the checksum is another', found({ checksum: 'AAAAAA==' }), 'CRC-32'],
    ["the parts' checksum is another", found({ checksum: 'AAAAAA==-2' }), 'CRC-32'],
    ['the ETag is not the one that was answered', found({ etag: '"other-2"' }), 'ETag'],
  ] as const) {
    it(`takes it for another object where ${what}`, () => {
      const verdict = weighEvidence(sentInParts(), object);
      expect(verdict).to.have.property('kind', 'other');
      expect(verdict).to.have.property('problem').that.includes(says);
    });
  }

  it('goes by the checksum before the ETag', () => {
    const object = found({ checksum: 'AAAAAA==', etag: multipartEtag });
    expect(weighEvidence(sentInParts(), object)).to.have.property('kind', 'other');
  });
});

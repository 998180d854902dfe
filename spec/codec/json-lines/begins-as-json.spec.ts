import { expect } from 'chai';

import { beginsAsJson } from '../../../lib/codec/json-lines/begins-as-json.js';
import { MAGIC_BYTES } from '../../../lib/format/preamble.js';

describe('beginsAsJson', () => {
  for (const json of [
    '{}',
    '[]',
    '""',
    '-1',
    '0',
    '9',
    'true',
    'false',
    'null',
    ' 1',
    '\t1',
    '\r',
  ]) {
    it(`is true for ${JSON.stringify(json)}`, () => {
      expect(beginsAsJson(json.charCodeAt(0))).to.equal(true);
    });
  }

  it('is true for an empty line', () => {
    expect(beginsAsJson(0x0a)).to.equal(true);
  });

  it('is false for the first byte of a frame, whichever bit is flipped', () => {
    const [first = 0] = MAGIC_BYTES;
    expect(beginsAsJson(first)).to.equal(false);
    for (let bit = 0; bit < 8; bit++) expect(beginsAsJson(first ^ (1 << bit))).to.equal(false);
  });

  it('is false for the first byte of gzip, for other text, and without a byte', () => {
    for (const byte of [0x1f, 0x00, 0x61, 0xef, undefined]) {
      expect(beginsAsJson(byte)).to.equal(false);
    }
  });
});

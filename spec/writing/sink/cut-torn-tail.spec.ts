import { expect } from 'chai';

import { wholeFrameBytes } from '../../../lib/writing/sink/cut-torn-tail.js';
import { encodeVersion1 } from '../../support/encode-archive.js';
import { encodePart, numbered } from '../../support/series.js';

describe('wholeFrameBytes', () => {
  const kinds = [
    ['version 2', [0, 1, 2].map((i) => encodePart(numbered('p', 5), { sequence: 5 * i }))],
    ['version 1', ['a', 'bb', 'ccc'].map((payload) => encodeVersion1([{ payload }]))],
    ['JSON lines', ['{"a":1}\n', '{"b":[2]}\n', '{}\n'].map((line) => Buffer.from(line))],
  ] as const;
  for (const [kind, frames] of kinds) {
    it(`counts the whole frames of ${kind}, wherever they are cut off`, () => {
      const bytes = Buffer.concat(frames);
      let whole = 0;
      const ends = frames.map((frame) => (whole += frame.length));
      for (let most = 0; most <= bytes.length; most++) {
        const expected = ends.findLast((end) => end <= most) ?? 0;
        expect(wholeFrameBytes(bytes, most), `${most} bytes`).to.equal(expected);
      }
    });
  }
});

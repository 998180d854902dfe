import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { cutTornTail, wholeFrameBytes } from '../../../lib/writing/sink/cut-torn-tail.js';
import { encodeVersion1 } from '../../support/encode-archive.js';
import { withScratch } from '../../support/scratch-directory.js';
import { encodeUnsealed, numbered } from '../../support/series.js';
import { systemError, TestDisk } from '../../support/test-disk.js';

const KINDS = [
  ['version 2', [0, 1, 2].map((i) => encodeUnsealed(numbered('p', 5), { sequence: 5 * i }))],
  ['version 1', ['a', 'bb', 'ccc'].map((payload) => encodeVersion1([{ payload }]))],
  ['JSON lines', ['{"a":1}\n', '{"b":[2]}\n', '{}\n'].map((line) => Buffer.from(line))],
] as const;

describe('cutTornTail', () => {
  for (const [kind, frames] of KINDS) {
    it(`keeps the whole frames of ${kind}, and cuts the torn one off`, async () => {
      await withScratch(async (scratch) => {
        const path = join(scratch.path, 'a');
        const file = await new TestDisk().files.open(path, 'wx+');
        const before = Buffer.from('before');
        const bytes = Buffer.concat(frames);
        const whole = bytes.length - (frames.at(-1)?.length ?? 0);
        await file.write(before, 0, before.length, 0);
        await file.write(bytes, 0, bytes.length - 1, before.length);
        expect(await cutTornTail(file, before.length, bytes)).to.equal(whole);
        await file.close();
        expect(await readFile(path)).to.deep.equal(
          Buffer.concat([before, bytes.subarray(0, whole)]),
        );
      });
    });
  }

  it('returns 0 if the file cannot be cut, so that all bytes are written again', async () => {
    await withScratch(async (scratch) => {
      const disk = new TestDisk();
      const file = await disk.files.open(join(scratch.path, 'a'), 'wx+');
      const bytes = Buffer.from('{}\n{}\n');
      await file.write(bytes, 0, bytes.length - 1, 0);
      disk.hook = (call) => {
        if (call === 'truncate') throw systemError('EIO', call);
      };
      expect(await cutTornTail(file, 0, bytes)).to.equal(0);
      await file.close();
    });
  });
});

describe('wholeFrameBytes', () => {
  for (const [kind, frames] of KINDS) {
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

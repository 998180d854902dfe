import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import type { ByteRange } from '../../lib/files/byte-range.js';
import { copyRange } from '../../lib/files/copy-range.js';
import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { withScratch } from '../support/scratch-directory.js';

const CONTENT = Buffer.alloc(600_000, 'some content ');

/** Copies a range of `CONTENT`. Returns the copy, and the chunks that were reported. */
async function copy(range: ByteRange): Promise<{ copied: Buffer; reported: Buffer }> {
  let copied = Buffer.alloc(0);
  const chunks: Buffer[] = [];
  await withScratch(async (scratch) => {
    const source = await nodeFileLayer.open(await scratch.put('from', CONTENT), 'r');
    const target = await nodeFileLayer.open(join(scratch.path, 'to'), 'wx');
    await copyRange(source, target, range, (chunk) => chunks.push(Buffer.from(chunk)));
    await source.close();
    await target.close();
    copied = await readFile(join(scratch.path, 'to'));
  });
  return { copied, reported: Buffer.concat(chunks) };
}

describe('copyRange', () => {
  const ranges: readonly ByteRange[] = [
    { start: 0 },
    { start: 7, end: 7 },
    { start: 0, end: 1 },
    { start: 5, end: 500_005 },
    { start: 599_999, end: 700_000 },
  ];
  for (const range of ranges) {
    it(`copies and reports bytes ${range.start} to ${range.end ?? 'the end'}`, async () => {
      const { copied, reported } = await copy(range);
      const expected = CONTENT.subarray(range.start, range.end);
      expect(copied.equals(expected)).to.equal(true);
      expect(reported.equals(expected)).to.equal(true);
    });
  }

  it('copies zeros as a hole, also at the end', async () => {
    const content = Buffer.concat([
      Buffer.from('begin'),
      Buffer.alloc(3_000_000),
      Buffer.from('middle'),
      Buffer.alloc(3_000_000),
    ]);
    await withScratch(async (scratch) => {
      const source = await nodeFileLayer.open(await scratch.put('from', content), 'r');
      const target = await nodeFileLayer.open(join(scratch.path, 'to'), 'wx');
      await copyRange(source, target, { start: 0 });
      await source.close();
      await target.close();
      expect((await readFile(join(scratch.path, 'to'))).equals(content)).to.equal(true);
      expect(512 * (await stat(join(scratch.path, 'to'))).blocks).to.be.lessThan(1_000_000);
    });
  });
});

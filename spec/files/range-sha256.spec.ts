import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { sha256OfRange } from '../../lib/files/range-sha256.js';
import { withScratch } from '../support/scratch-directory.js';
import { withFile } from '../support/with-file.js';

describe('sha256OfRange', () => {
  it('is of the range alone, however little a read gives; null behind the end', async () => {
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => i % 251));
    await withScratch(async (scratch) => {
      await scratch.put('a', bytes);
      const reluctant = withFile((file) => ({
        read: (into, offset, length, position) =>
          file.read(into, offset, Math.min(length, 70_001), position),
      }));
      for (const files of [nodeFileLayer, reluctant]) {
        const file = await files.open(join(scratch.path, 'a'), 'r');
        for (const [start, end] of [
          [0, bytes.length],
          [5, 2_500_000],
          [7, 7],
        ] as const) {
          const expected = createHash('sha256').update(bytes.subarray(start, end)).digest();
          expect(await sha256OfRange(file, { start, end })).to.deep.equal(expected);
        }
        expect(await sha256OfRange(file, { start: 0, end: bytes.length + 1 })).to.equal(null);
        await file.close();
      }
    });
  });
});

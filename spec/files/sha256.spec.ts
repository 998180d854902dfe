import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { sha256OfChunks, sha256OfFile, sha256OfRange } from '../../lib/files/sha256.js';
import { withScratch } from '../support/scratch-directory.js';
import { withFile } from '../support/with-file.js';

describe('sha256OfChunks', () => {
  it('hashes all chunks together, and no bytes when there are none', async () => {
    const chunks = async function* (...texts: string[]) {
      for (const text of texts) yield Buffer.from(text);
    };
    expect(await sha256OfChunks(chunks('a', '', 'bc'))).to.deep.equal(sha256('abc'));
    expect(await sha256OfChunks(chunks())).to.deep.equal(sha256(''));
  });
});

describe('sha256OfFile', () => {
  it('hashes the whole file, and closes it', async () => {
    await withScratch(async (scratch) => {
      await scratch.put('a', Buffer.alloc(3_000_000, 7));
      let closed = 0;
      const files = withFile((file) => ({
        close: async () => {
          closed++;
          await file.close();
        },
      }));
      const path = join(scratch.path, 'a');
      expect(await sha256OfFile(path, files)).to.deep.equal(sha256(Buffer.alloc(3_000_000, 7)));
      expect(closed).to.equal(1);
    });
  });
});

describe('sha256OfRange', () => {
  it('hashes only the range, however short the reads are; null when the file ends before it', async () => {
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
          const expected = sha256(bytes.subarray(start, end));
          expect(await sha256OfRange(file, { start, end })).to.deep.equal(expected);
        }
        expect(await sha256OfRange(file, { start: 0, end: bytes.length + 1 })).to.equal(null);
        await file.close();
      }
    });
  });
});

function sha256(bytes: string | Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

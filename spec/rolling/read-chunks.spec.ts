import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { readChunks } from '../../lib/rolling/read-chunks.js';
import { nodeFileLayer } from '../../lib/storage/file-layer.js';

describe('readChunks', () => {
  let archive: string;

  beforeEach(async () => {
    archive = join(await mkdtemp(join(tmpdir(), 'shoebox-open-')), 'a.events');
  });

  afterEach(() => rm(join(archive, '..'), { recursive: true, force: true }));

  it('gives buffers that nobody writes to again, whatever the sizes of reads', async () => {
    const bytes = Buffer.alloc(900_001, 'abcdefg');
    await writeFile(archive, bytes);
    const file = await nodeFileLayer.open(archive, 'r');
    for (const most of [1 << 30, 200_000, 100_000]) {
      const partial = {
        ...file,
        read: (into: Uint8Array, offset: number, length: number, position: number) =>
          file.read(into, offset, Math.min(length, most), position),
      };
      const chunks: Buffer[] = [];
      for await (const chunk of readChunks(partial, archive)) chunks.push(chunk);
      expect(Buffer.concat(chunks).equals(bytes)).to.equal(true);
      for (const { buffer, length } of chunks) {
        expect(buffer.byteLength).to.be.at.most(Math.max(2 * length, 8192));
      }
    }
    const middle: Buffer[] = [];
    for await (const chunk of readChunks(file, archive, { start: 7, end: 700_007 })) {
      middle.push(chunk);
    }
    expect(Buffer.concat(middle).equals(bytes.subarray(7, 700_007))).to.equal(true);
    await file.close();
  });
});

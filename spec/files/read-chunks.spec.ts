import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer, type OpenFile } from '../../lib/files/file-layer.js';
import { readChunks } from '../../lib/files/read-chunks.js';
import { rejection } from '../support/store-tools.js';
import { until } from '../support/until.js';

describe('readChunks', () => {
  let archive: string;

  beforeEach(async () => {
    archive = join(await mkdtemp(join(tmpdir(), 'shoebox-open-')), 'a.events');
  });

  afterEach(() => rm(join(archive, '..'), { recursive: true, force: true }));

  it('gives buffers that it never overwrites, whatever the sizes of reads', async () => {
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
        expect(buffer.byteLength).to.be.at.most(2 * length);
      }
    }
    const middle: Buffer[] = [];
    for await (const chunk of readChunks(file, archive, { start: 7, end: 700_007 })) {
      middle.push(chunk);
    }
    expect(Buffer.concat(middle).equals(bytes.subarray(7, 700_007))).to.equal(true);
    await file.close();
  });

  describe('ahead', () => {
    const MIB = 2 ** 20;
    let file: OpenFile;
    /** The positions of all reads, and how many have ended. */
    let begun: number[];
    let ended: number;

    beforeEach(async () => {
      await writeFile(archive, Buffer.alloc(5 * MIB, 'x'));
      const opened = await nodeFileLayer.open(archive, 'r');
      begun = [];
      ended = 0;
      file = {
        ...opened,
        read: async (into, offset, length, position) => {
          begun.push(position);
          if (position >= 3 * MIB) throw Object.assign(new Error('broken'), { code: 'EIO' });
          const result = await opened.read(into, offset, length, position);
          ended++;
          return result;
        },
      };
    });

    afterEach(() => file.close());

    it('reads one chunk ahead, and no more, while the caller is busy', async () => {
      const chunks = readChunks(file, archive);
      await chunks.next();
      await until(() => ended === 2);
      await new Promise((resolve) => setImmediate(resolve));
      expect(begun).to.deep.equal([0, MIB]);
      await chunks.return(undefined);
    });

    it('ends its read before it returns', async () => {
      const chunks = readChunks(file, archive);
      await chunks.next();
      await chunks.return(undefined);
      expect([begun.length, ended]).to.deep.equal([2, 2]);
    });

    it('reports a failure after the chunks before it, and not when iteration stops before it', async () => {
      const chunks = readChunks(file, archive);
      for (let i = 0; i < 3; i++) expect((await chunks.next()).value).to.have.length(MIB);
      const error = await rejection(chunks.next());
      expect(error).to.include({ operation: 'read', storeCode: 'EIO' });

      const left = readChunks(file, archive, { start: 2 * MIB });
      await left.next();
      await left.return(undefined);
    });

    it('reads nothing after the end of a range', async () => {
      for await (const _ of readChunks(file, archive, { start: 1, end: MIB + 1 }));
      expect(begun).to.deep.equal([1]);
    });
  });
});

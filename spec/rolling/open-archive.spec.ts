import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';
import { DamageError } from '../../lib/errors/damage-error.js';
import { StoreError } from '../../lib/errors/store-error.js';
import { openArchive, readChunks, readUncompressed } from '../../lib/rolling/open-archive.js';
import { type FileLayer, nodeFileLayer } from '../../lib/storage/file-layer.js';
import { rejection } from '../support/store-tools.js';
import { withFile } from '../support/with-file.js';

describe('openArchive', () => {
  let archive: string;

  beforeEach(async () => {
    archive = join(await mkdtemp(join(tmpdir(), 'shoebox-open-')), 'a.events');
  });

  afterEach(() => rm(join(archive, '..'), { recursive: true, force: true }));

  it('finds an archive in each state, and tells whether it is still written', async () => {
    for (const [suffix, isOpen] of [['', false] as const, ['.gz', false], ['.open', true]]) {
      await writeFile(archive + suffix, 'x');
      const source = await openArchive(archive, nodeFileLayer);
      await source.file.close();
      expect(source).to.include({ path: archive + suffix, isOpen });
      await rm(archive + suffix);
    }
  });

  it('takes the sealed file where others lie beside it', async () => {
    for (const suffix of ['', '.gz', '.open']) await writeFile(archive + suffix, 'x');
    const source = await openArchive(archive, nodeFileLayer);
    await source.file.close();
    expect(source).to.include({ path: archive, isOpen: false });
  });

  it('finds one that goes on to its next state at any moment between two looks', async () => {
    const states = ['.open', '', '.gz'];
    for (const first of [0, 1, 2, 3, 4, 5]) {
      for (const second of [first, first + 1, first + 2, 5]) {
        await writeFile(`${archive}.open`, 'x');
        let looks = 0;
        let state = 0;
        const files: FileLayer = {
          ...nodeFileLayer,
          async open(path, mode) {
            const moves = [first, second].filter((at) => at === looks).length;
            looks++;
            for (let i = 0; i < moves; i++, state++) {
              await rename(archive + states[state], archive + states[state + 1]);
            }
            return nodeFileLayer.open(path, mode);
          },
        };
        const { file, path } = await openArchive(archive, files);
        await file.close();
        expect(path).to.equal(archive + states[state]);
        await rm(path);
      }
    }
  });

  it('has a typed error for one that vanished', async () => {
    const error = await rejection(openArchive(archive, nodeFileLayer));
    expect(error).to.be.instanceOf(ArchiveError).and.to.have.property('code', 'ERR_ARCHIVE_GONE');
    expect(error).to.have.property(
      'message',
      `archive vanished since it was listed: ${archive}, ${archive}.gz, ${archive}.open, ${archive}.stale`,
    );
  });

  it('does not take another failure for a file that is not there', async () => {
    const failure = Object.assign(new Error('EACCES: no'), { code: 'EACCES' });
    const files: FileLayer = { ...nodeFileLayer, open: () => Promise.reject(failure) };
    expect(await rejection(openArchive(archive, files))).to.equal(failure);
  });

  describe('readUncompressed', () => {
    async function uncompressed(files: FileLayer = nodeFileLayer): Promise<Buffer> {
      const source = await openArchive(archive, files);
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of readUncompressed(source)) chunks.push(chunk);
      } finally {
        await source.file.close();
      }
      return Buffer.concat(chunks);
    }

    it('tells gzip by its content, not by its name', async () => {
      const bytes = Buffer.from('{"a":1}\n'.repeat(100_000));
      const members = [bytes.subarray(0, 9), bytes.subarray(9)].map((part) => gzipSync(part));
      for (const content of [bytes, ...[gzipSync(bytes), Buffer.concat(members)]]) {
        for (const suffix of ['', '.gz', '.open']) {
          await writeFile(archive + suffix, content);
          expect((await uncompressed()).equals(bytes)).to.equal(true);
          await rm(archive + suffix);
        }
      }
    });

    it('gives nothing of an empty file, but takes a .gz without a byte for torn', async () => {
      await writeFile(archive, '');
      expect(await uncompressed()).to.have.length(0);
      await rename(archive, `${archive}.gz`);
      const error = await rejection(uncompressed());
      expect(error).to.be.instanceOf(DamageError).and.to.include({ reason: 'torn', offset: 0 });
    });

    it('says which file could not be read', async () => {
      await writeFile(archive, 'x');
      const failure = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
      const files = withFile(() => ({ read: () => Promise.reject(failure) }));
      const error = await rejection(uncompressed(files));
      expect(error).to.be.instanceOf(StoreError).and.to.have.property('cause', failure);
      expect(error).to.have.property('message', `cannot read ${archive}: i/o error (EIO)`);
    });
  });

  describe('readChunks', () => {
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
      await file.close();
    });
  });
});

import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { DamageError } from '../../../lib/errors/damage-error.js';
import { StoreError } from '../../../lib/errors/store-error.js';
import { type FileLayer, nodeFileLayer } from '../../../lib/files/file-layer.js';
import { openArchive } from '../../../lib/series/opening/open-archive.js';
import { readUncompressed } from '../../../lib/series/opening/read-uncompressed.js';
import { rejection } from '../../support/store-tools.js';
import { withFile } from '../../support/with-file.js';

describe('readUncompressed', () => {
  let archive: string;

  beforeEach(async () => {
    archive = join(await mkdtemp(join(tmpdir(), 'shoebox-open-')), 'a.events');
  });

  afterEach(() => rm(join(archive, '..'), { recursive: true, force: true }));

  async function uncompressed(files: FileLayer = nodeFileLayer): Promise<Buffer> {
    const source = await openArchive(archive, files);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of readUncompressed(source)) chunks.push(chunk);
    } finally {
      await source.close();
    }
    return Buffer.concat(chunks);
  }

  it('recognises gzip by its content, not by its name', async () => {
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

  it('recognises gzip that arrives byte by byte, as a download may', async () => {
    const packed = gzipSync('some bytes');
    await writeFile(archive, packed);
    const source = Object.assign(await openArchive(archive, nodeFileLayer), {
      async *stream() {
        for (const byte of packed) yield Buffer.of(byte);
      },
    });
    const chunks: Buffer[] = [];
    for await (const chunk of readUncompressed(source)) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).to.equal('some bytes');
    await source.close();
  });

  it('yields nothing for an empty file, but takes an empty .gz for torn', async () => {
    await writeFile(archive, '');
    expect(await uncompressed()).to.have.length(0);
    await rename(archive, `${archive}.gz`);
    const error = await rejection(uncompressed());
    expect(error).to.be.instanceOf(DamageError).and.to.include({ reason: 'torn', offset: 0 });
  });

  it('names the file that could not be read', async () => {
    await writeFile(archive, 'x');
    const failure = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    const files = withFile(() => ({ read: () => Promise.reject(failure) }));
    const error = await rejection(uncompressed(files));
    expect(error).to.be.instanceOf(StoreError).and.to.have.property('cause', failure);
    expect(error).to.have.property('message', `cannot read ${archive}: i/o error (EIO)`);
  });
});

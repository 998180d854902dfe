import { createHash } from 'node:crypto';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';

import { expect } from 'chai';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { compressArchive } from '../../lib/shipping/compress-archive.js';
import { createCompression } from '../../lib/streams/compression/compression.js';
import { CountingFiles } from '../support/counting-files.js';
import { sealedArchive } from '../support/sealed-archive.js';
import { TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';
import { until } from '../support/until.js';
import { outcomeOf } from '../support/writer-tools.js';

const GZIP = createCompression({});

describe('compressArchive', () => {
  const directories = new TemporaryDirectories();
  const bytes = Buffer.alloc(3_000_001, 'abcdefg');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  let path: string;

  beforeEach(async () => {
    path = join(await directories.make(), 'a.events');
    await writeFile(path, bytes);
  });

  afterEach(() => directories.remove());

  it('gives gzip of exactly the sealed bytes, and counts the bytes of the gzip', async () => {
    const compressed = await compressArchive(
      { ...sealedArchive(path), sha256 },
      nodeFileLayer,
      GZIP,
    );
    const gzip = await buffer(compressed.body);
    expect(gunzipSync(gzip).equals(bytes)).to.equal(true);
    expect(compressed.bytes).to.equal(gzip.length);
  });

  it('gives the same gzip each time, so that two writers store one object', async () => {
    const archive = { ...sealedArchive(path), sha256 };
    const [one, other] = await Promise.all(
      [archive, archive].map(async () =>
        buffer((await compressArchive(archive, nodeFileLayer, GZIP)).body),
      ),
    );
    expect(one?.equals(other ?? Buffer.alloc(0))).to.equal(true);
  });

  it('fails before its last bytes if the file has changed', async () => {
    await appendFile(path, '!');
    const { body } = await compressArchive({ ...sealedArchive(path), sha256 }, nodeFileLayer, GZIP);
    const error = await rejection(buffer(body));
    expect(error).to.have.property('code', 'ERR_ARCHIVE_CHANGED');
    expect(error).to.have.property('message').that.includes(sha256).and.includes(path);
  });

  it('reads into memory that it has read into before, also of another archive', async () => {
    const memory = new Set<ArrayBufferLike>();
    const files = new CountingFiles((file) => ({
      read(into, offset, length, position) {
        memory.add(into.buffer);
        return file.read(into, offset, length, position);
      },
    }));
    for (let i = 0; i < 3; i++) {
      const archive = { ...sealedArchive(path), sha256 };
      await buffer((await compressArchive(archive, files.layer, GZIP)).body);
    }
    // One chunk is read while the one before is compressed.
    expect(memory.size).to.be.at.most(2);
  });

  it('closes the file when it is destroyed while nothing reads it', async () => {
    const files = new CountingFiles();
    const archive = { ...sealedArchive(path), sha256 };
    const { body } = await compressArchive(archive, files.layer, {
      // Takes no chunk.
      createCompressor: () => new Transform({ transform: () => {} }),
    });
    await new Promise<void>((resolve) => setImmediate(resolve));
    body.destroy();
    await until(() => files.open === 0);
  });

  it('closes the file at the end, when it is destroyed, and when it fails', async () => {
    const files = new CountingFiles();
    const archive = { ...sealedArchive(path), sha256 };
    const first = await compressArchive(archive, files.layer, GZIP);
    await buffer(first.body);
    const second = await compressArchive(archive, files.layer, GZIP);
    second.body.destroy();
    await outcomeOf(second.body);
    const third = await compressArchive({ ...archive, sha256: 'other' }, files.layer, GZIP);
    await rejection(buffer(third.body));
    await until(() => files.open === 0);
    expect(files.opened).to.have.length(3);
  });

  it("fails with Node's error if there is no file", async () => {
    const archive = { ...sealedArchive(`${path}.none`), sha256 };
    expect(await rejection(compressArchive(archive, nodeFileLayer, GZIP))).to.have.property(
      'code',
      'ENOENT',
    );
  });
});

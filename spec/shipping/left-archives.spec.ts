import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { expect } from 'chai';

import { type FileLayer, nodeFileLayer } from '../../lib/files/file-layer.js';
import { inspectArchive, listLeftArchives } from '../../lib/shipping/left-archives.js';
import { CountingFiles } from '../support/counting-files.js';
import { damageOf } from '../support/decode-archive.js';
import { encodeJsonLines, NOW_MICROS } from '../support/encode-archive.js';
import { encodeUnsealed, numbered, TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

describe('left archives', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  describe('listLeftArchives', () => {
    it('gives the sealed archives of the series in natural order of their names', async () => {
      for (const name of ['x_10.events', 'x_2.events', 'x_1.events']) await put(name, 'bytes');
      const left = await listLeftArchives(directory, 'x_*.events', nodeFileLayer);
      expect(left.map(({ name }) => name)).to.deep.equal([
        'x_1.events',
        'x_2.events',
        'x_10.events',
      ]);
      expect(left[0]).to.deep.equal({
        path: join(directory, 'x_1.events'),
        name: 'x_1.events',
        bytes: 5,
        sealedAt: (await stat(join(directory, 'x_1.events'))).mtimeMs,
      });
    });

    it('skips everything else', async () => {
      for (const suffix of ['.open', '.gz', '.part', '.stale', '.torn-64']) {
        await put(`x_1.events${suffix}`, 'bytes');
      }
      await put('y_1.events', 'bytes');
      await put('.x_1.events', 'bytes');
      await put('x_2.events', '');
      await mkdir(join(directory, 'x_3.events'));
      await symlink(join(directory, 'y_1.events'), join(directory, 'x_4.events'));
      expect(await listLeftArchives(directory, 'x_*.events', nodeFileLayer)).to.deep.equal([]);
    });

    it('skips an archive that another writer settles during the listing', async () => {
      await put('x_1.events', 'bytes');
      await put('x_2.events', 'bytes');
      const files: FileLayer = {
        ...nodeFileLayer,
        async lstat(path) {
          if (existsSync(join(directory, 'x_1.events'))) await rm(join(directory, 'x_1.events'));
          return nodeFileLayer.lstat(path);
        },
      };
      const left = await listLeftArchives(directory, 'x_*', files);
      expect(left.map(({ name }) => name)).to.deep.equal(['x_2.events']);
    });
  });

  describe('inspectArchive', () => {
    const { signal } = new AbortController();

    it('finds the facts that the writer knew', async () => {
      const bytes = encodeUnsealed(numbered('v', 300), { time: 5, blockBytes: 1000 });
      const archive = await inspectArchive(await put('a.events', bytes), nodeFileLayer, signal);
      expect(archive).to.deep.equal({
        path: join(directory, 'a.events'),
        name: 'a.events',
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        records: 300,
        firstTime: new Date(NOW_MICROS / 1000 + 5),
        lastTime: new Date(NOW_MICROS / 1000 + 304),
        openedAt: Math.round((await stat(join(directory, 'a.events'))).mtimeMs),
      });
    });

    it('gives null times if the records have none', async () => {
      const left = await put('a.events', encodeJsonLines(['1', '2']));
      const archive = await inspectArchive(left, nodeFileLayer, signal);
      expect(archive).to.include({ records: 2, firstTime: null, lastTime: null });
    });

    it('counts the records before damage', async () => {
      const bytes = encodeUnsealed(numbered('v', 100), { blockBytes: 500 });
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 30) ^ 1, bytes.length - 30);
      const left = await put('a.events', bytes);
      const archive = await inspectArchive(left, nodeFileLayer, signal);
      expect(archive.records).to.be.within(50, 99);
      expect(archive).to.include({ bytes: bytes.length });
    });

    it('refuses a file that does not begin as an archive does', async () => {
      for (const content of ['some other text', 'x', gzipSync('x')]) {
        const left = await put('a.events', content);
        const error = damageOf(await rejection(inspectArchive(left, nodeFileLayer, signal)));
        expect(error).to.include({ archive: left.path, offset: 0 });
      }
    });

    for (const [what, content] of [
      ['a document of JSON over several lines', '{\n  "name": "x"\n}\n'],
      ['a text that begins as JSON does', 'to be done\n{"a":1}\n'],
      ['a text without a line feed', 'to be done'],
      ['JSON without a line feed', '{"a":1'],
      ['white space', ' \n\n'],
    ] as const) {
      it(`refuses ${what}, which could be taken for damaged JSON lines`, async () => {
        const left = await put('a.events', content);
        const error = damageOf(await rejection(inspectArchive(left, nodeFileLayer, signal)));
        expect(error).to.include({ archive: left.path });
      });
    }

    it('counts the lines of any text if the series is JSON lines', async () => {
      const left = { ...(await put('a.events', '1 text\n2 more\n')), acceptsAnyText: true };
      const archive = await inspectArchive(left, nodeFileLayer, signal);
      expect(archive.records).to.equal(2);
    });

    it('rejects when the signal aborts, and closes the file', async () => {
      const left = await put('a.events', encodeUnsealed(['x']));
      const files = new CountingFiles();
      const reason = new Error('no longer wanted');
      const aborted = AbortSignal.abort(reason);
      expect(await rejection(inspectArchive(left, files.layer, aborted))).to.equal(reason);
      expect(files.open).to.equal(0);
    });
  });

  async function put(name: string, content: string | Buffer) {
    const path = join(directory, name);
    await writeFile(path, content);
    return { path, name, bytes: content.length };
  }
});

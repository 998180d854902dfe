import { existsSync } from 'node:fs';
import {
  appendFile,
  lstat,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { type FileLayer, nodeFileLayer } from '../../lib/files/file-layer.js';
import { settleFile } from '../../lib/shipping/settle-file.js';
import type { LocalFile } from '../../lib/shipping/ship-options.js';
import { sealedArchive } from '../support/sealed-archive.js';
import { TemporaryDirectories } from '../support/series.js';
import { rejection } from '../support/store-tools.js';

describe('settleFile', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await directories.make();
    path = join(directory, 'a.events');
    await writeFile(path, '7 bytes');
  });

  afterEach(() => directories.remove());

  async function settle(localFile: LocalFile, before = lstat(path), files = nodeFileLayer) {
    await settleFile(sealedArchive(path), await before, localFile, files);
  }

  async function filesIn(folder: string): Promise<string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  }

  it('keeps, deletes or moves the file', async () => {
    await settle('keep');
    expect(existsSync(path)).to.equal(true);
    await settle({ moveTo: join(directory, 'new', 'shipped') });
    expect(existsSync(path)).to.equal(false);
    expect(await readFile(join(directory, 'new', 'shipped', 'a.events'), 'utf8')).to.equal(
      '7 bytes',
    );
    await writeFile(path, '7 bytes');
    await settle('delete');
    expect(existsSync(path)).to.equal(false);
  });

  it('syncs the directory after a deletion', async () => {
    const steps: string[] = [];
    const files: FileLayer = {
      ...nodeFileLayer,
      async unlink(file) {
        steps.push(`unlink ${file}`);
        await nodeFileLayer.unlink(file);
      },
      async syncDirectory(synced) {
        steps.push(`sync ${synced}`);
      },
    };
    await settle('delete', lstat(path), files);
    expect(steps).to.deep.equal([`unlink ${path}`, `sync ${directory}`]);
  });

  for (const localFile of ['delete', { moveTo: 'shipped' }] as const) {
    const choice = localFile === 'delete' ? 'delete' : 'move';
    const chosen = () =>
      localFile === 'delete' ? localFile : { moveTo: join(directory, localFile.moveTo) };

    it(`has nothing to ${choice} if the file is gone`, async () => {
      const before = await lstat(path);
      await rm(path);
      await settle(chosen(), Promise.resolve(before));
      expect(await filesIn(directory)).to.deep.equal([]);
    });

    it(`does not ${choice} another archive that has taken the name meanwhile`, async () => {
      const before = await lstat(path);
      await writeFile(`${path}.open`, 'another');
      await rename(`${path}.open`, path);
      await settle(chosen(), Promise.resolve(before));
      expect(await readFile(path, 'utf8')).to.equal('another');
    });

    it(`does not ${choice} a file that was written to since`, async () => {
      const before = await lstat(path);
      await appendFile(path, 'more');
      const error = await rejection(settle(chosen(), Promise.resolve(before)));
      expect(error).to.have.property('code', 'ERR_ARCHIVE_CHANGED');
      await writeFile(path, '7 BYTES');
      await utimes(path, 1000, 1000);
      const again = await rejection(settle(chosen(), Promise.resolve(before)));
      expect(again).to.have.property('code', 'ERR_ARCHIVE_CHANGED');
      expect((await stat(path)).size).to.equal(7);
    });
  }

  it('succeeds if another process moves the file at the same moment', async () => {
    const files: FileLayer = {
      ...nodeFileLayer,
      async link(from, to) {
        await rm(from);
        await nodeFileLayer.link(from, to);
      },
    };
    await settle({ moveTo: join(directory, 'shipped') }, lstat(path), files);
    expect(await filesIn(directory)).to.deep.equal([]);
  });

  it('fails if the directory to move to cannot be created', async () => {
    await writeFile(join(directory, 'shipped'), '');
    const error = await rejection(settle({ moveTo: join(directory, 'shipped') }));
    expect(error).to.be.instanceOf(Error);
    expect(existsSync(path)).to.equal(true);
  });
});

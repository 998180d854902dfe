import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { ArchiveError } from '../../../lib/errors/archive-error.js';
import { type FileLayer, nodeFileLayer } from '../../../lib/files/file-layer.js';
import { openArchive } from '../../../lib/series/opening/open-archive.js';
import { rejection } from '../../support/store-tools.js';

describe('openArchive', () => {
  let archive: string;

  beforeEach(async () => {
    archive = join(await mkdtemp(join(tmpdir(), 'shoebox-open-')), 'a.events');
  });

  afterEach(() => rm(join(archive, '..'), { recursive: true, force: true }));

  it('opens an archive in each state, and knows whether it is still written', async () => {
    for (const [suffix, isOpen] of [['', false] as const, ['.gz', false], ['.open', true]]) {
      await writeFile(archive + suffix, 'x');
      const source = await openArchive(archive, nodeFileLayer);
      await source.close();
      expect(source).to.include({ path: archive + suffix, isOpen });
      await rm(archive + suffix);
    }
  });

  it('prefers the sealed file if other states exist too', async () => {
    for (const suffix of ['', '.gz', '.open']) await writeFile(archive + suffix, 'x');
    const source = await openArchive(archive, nodeFileLayer);
    await source.close();
    expect(source).to.include({ path: archive, isOpen: false });
  });

  it('opens an archive that changes its state between any two attempts', async () => {
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
        const source = await openArchive(archive, files);
        const { path } = source;
        await source.close();
        expect(path).to.equal(archive + states[state]);
        await rm(path);
      }
    }
  });

  it('throws a typed error for an archive that vanished', async () => {
    const error = await rejection(openArchive(archive, nodeFileLayer));
    expect(error).to.be.instanceOf(ArchiveError).and.to.have.property('code', 'ERR_ARCHIVE_GONE');
    expect(error).to.have.property(
      'message',
      `archive vanished since it was listed: ${['', '.gz', '.zst', '.open', '.stale'].map((suffix) => archive + suffix).join(', ')}`,
    );
  });

  it('passes on any other failure instead of reporting a missing file', async () => {
    const failure = Object.assign(new Error('EACCES: no'), { code: 'EACCES' });
    const files: FileLayer = { ...nodeFileLayer, open: () => Promise.reject(failure) };
    expect(await rejection(openArchive(archive, files))).to.equal(failure);
  });
});

import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { deleteFile } from '../../../lib/writing/handlers/delete-file.js';
import { sealedArchive } from '../../support/sealed-archive.js';

describe('deleteFile', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-'));
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('deletes the archive, and no other file', async () => {
    const path = join(directory, 'a.events');
    await writeFile(path, 'records');
    await writeFile(join(directory, 'b.events'), 'records');
    expect(await deleteFile().onSealed?.(sealedArchive(path))).to.equal(null);
    expect(await readdir(directory)).to.deep.equal(['b.events']);
  });

  it('accepts a missing file as deleted, since handlers may run twice', async () => {
    const path = join(directory, 'a.events');
    expect(await deleteFile().onSealed?.(sealedArchive(path))).to.equal(null);
  });

  it('declares that it moves the file', () => {
    expect(deleteFile().movesFile).to.equal(true);
  });
});

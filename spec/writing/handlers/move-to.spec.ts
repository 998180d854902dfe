import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { moveTo } from '../../../lib/writing/handlers/move-to.js';
import { sealedArchive } from '../../support/sealed-archive.js';

describe('moveTo', () => {
  let directory: string;
  let path: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-'));
    path = join(directory, 'a.events');
    await writeFile(path, 'records');
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('creates the directory, moves the file to it, and returns the new path', async () => {
    const target = join(directory, 'x', 'y');
    const left = await moveTo(target).onSealed?.(sealedArchive(path));
    expect(left).to.equal(join(target, 'a.events'));
    expect(await readdir(directory)).to.deep.equal(['x']);
    expect(await readFile(join(target, 'a.events'), 'utf8')).to.equal('records');
  });

  it('does not overwrite a file of that name', async () => {
    const target = join(directory, 'x');
    const handler = moveTo(target);
    await handler.onSealed?.(sealedArchive(path));
    await writeFile(path, 'later records');
    expect(await handler.onSealed?.(sealedArchive(path))).to.equal(join(target, 'a-1.events'));
    expect(await readFile(join(target, 'a.events'), 'utf8')).to.equal('records');
    expect(await readFile(join(target, 'a-1.events'), 'utf8')).to.equal('later records');
  });

  it('leaves a file alone that is in the directory already', async () => {
    expect(await moveTo(directory).onSealed?.(sealedArchive(path))).to.equal(path);
    expect(await readdir(directory)).to.deep.equal(['a.events']);
  });

  it('rejects if the directory is a file, and leaves the archive where it was', async () => {
    const target = join(directory, 'file');
    await writeFile(target, '');
    let failure: unknown;
    try {
      await moveTo(target).onSealed?.(sealedArchive(path));
    } catch (error) {
      failure = error;
    }
    expect(failure).to.have.property('code', 'ENOTDIR');
    expect(await readFile(path, 'utf8')).to.equal('records');
  });

  it('declares that it moves the file', () => {
    expect(moveTo('x').movesFile).to.equal(true);
  });

  it('refuses an invalid path', () => {
    for (const target of ['', 'a\0b']) {
      expect(() => moveTo(target)).to.throw(RangeError, 'directory is');
    }
  });
});

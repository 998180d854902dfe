import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { changeExtension } from '../../../lib/writing/handlers/change-extension.js';
import { sealedArchive } from '../../support/sealed-archive.js';

describe('changeExtension', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-'));
    await writeFile(join(directory, 'a.events'), 'records');
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('appends the extension to the name, and returns the new path', async () => {
    const path = join(directory, 'a.events');
    const left = await changeExtension('.done').onSealed?.(sealedArchive(path));
    expect(left).to.equal(`${path}.done`);
    expect(await readdir(directory)).to.deep.equal(['a.events.done']);
    expect(await readFile(`${path}.done`, 'utf8')).to.equal('records');
  });

  it('does not overwrite a file of that name', async () => {
    const path = join(directory, 'a.events');
    await writeFile(`${path}.done`, 'others');
    const left = await changeExtension('.done').onSealed?.(sealedArchive(path));
    expect(left).to.equal(join(directory, 'a.events-1.done'));
    expect(await readFile(`${path}.done`, 'utf8')).to.equal('others');
  });

  it('declares that it moves the file', () => {
    expect(changeExtension('.done').movesFile).to.equal(true);
  });

  it('refuses an extension that is empty, or leads to another directory', () => {
    for (const extension of ['', '/x', '.done/..', 'a\\b', 'a\0']) {
      expect(() => changeExtension(extension), extension).to.throw(RangeError, 'extension is');
    }
  });

  it('refuses an extension that Shoebox uses for a state', () => {
    for (const extension of ['.open', '.gz', '.done.part', '.journal']) {
      expect(() => changeExtension(extension), extension).to.throw(RangeError, extension);
    }
  });
});

import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer, type OpenFile } from '../../../lib/files/file-layer.js';
import { FileSource } from '../../../lib/series/opening/file-source.js';
import { TemporaryDirectories } from '../../support/series.js';

describe('FileSource', () => {
  const directories = new TemporaryDirectories();
  let path: string;
  let reads: number;

  beforeEach(async () => {
    reads = 0;
    path = join(await directories.make(), 'a.events');
    await writeFile(path, '12345');
  });

  afterEach(() => directories.remove());

  /** The file, whose reads are counted. */
  async function open(): Promise<OpenFile> {
    const file = await nodeFileLayer.open(path, 'rl');
    const read = file.read.bind(file);
    return Object.assign(file, {
      read(...args: Parameters<typeof read>) {
        reads++;
        return read(...args);
      },
    });
  }

  async function textOf(source: FileSource): Promise<string> {
    try {
      return (await source.read({ start: 0, end: 100 })).toString();
    } finally {
      await source.close();
    }
  }

  it('reads a small sealed file at once', async () => {
    expect(await textOf(new FileSource(await open(), path))).to.equal('12345');
    expect(reads).to.equal(1);
  });

  it('reads an open archive to its end, which may have moved', async () => {
    const source = new FileSource(await open(), path, { isOpen: true });
    await appendFile(path, '67');
    expect(await textOf(source)).to.equal('1234567');
    expect(reads).to.equal(2);
  });

  it('reads what is left of a file that was truncated after it was opened', async () => {
    const source = new FileSource(await open(), path);
    await truncate(path, 2);
    expect(await textOf(source)).to.equal('12');
  });
});

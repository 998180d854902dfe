import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { type ArchiveReader, createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { encodeUnsealed, TemporaryDirectories } from '../support/series.js';
import { warningsOf } from '../support/warnings.js';

describe('records that are missing, and a reader without listeners', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
    const blocks = [0, 10, 20, 30].map((sequence) =>
      encodeUnsealed(['a', 'b'], { sequence, time: sequence }),
    );
    blocks[1]?.writeUInt8(0, 70);
    await writeFile(join(directory, 'x.events'), Buffer.concat(blocks));
  });

  afterEach(() => directories.remove());

  async function codesOf(prepare: (reader: ArchiveReader) => void): Promise<unknown[]> {
    const warnings = await warningsOf(async () => {
      const reader = createArchiveReader(directory, { whenDamaged: 'skip' });
      prepare(reader);
      await reader.toArray();
    });
    return warnings.map(({ code }) => code).sort();
  }

  it('are a warning of the process, once of each kind', async () => {
    expect(await codesOf(() => undefined)).to.deep.equal(['SHOEBOX_DAMAGE', 'SHOEBOX_GAP']);
  });

  it('are no warning where a listener hears of them', async () => {
    const listen = (reader: ArchiveReader) =>
      reader.on('gap', () => undefined).on('damage', () => undefined);
    expect(await codesOf(listen)).to.deep.equal([]);
  });

  it('are no warning where none is missing', async () => {
    await writeFile(join(directory, 'x.events'), encodeUnsealed(['a', 'b']));
    expect(await codesOf(() => undefined)).to.deep.equal([]);
  });
});

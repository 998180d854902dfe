import { readdirSync } from 'node:fs';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { nodeFileLayer } from '../../../lib/files/file-layer.js';
import { ArchiveJournal } from '../../../lib/shipping/journal/archive-journal.js';
import type { JournalEntry, JournaledUpload } from '../../../lib/shipping/journal/journal-entry.js';
import { sweepJournals } from '../../../lib/shipping/journal/sweep-journals.js';
import { takeLease } from '../../../lib/writing/sink/archive-lease.js';
import { ENTRIES } from '../../support/journals.js';
import { TemporaryDirectories } from '../../support/series.js';

const [SEALED = expect.fail(), , UPLOADING = expect.fail(), VERIFIED = expect.fail()] = ENTRIES;
const SETTLED = ENTRIES.find(({ state }) => state === 'settled') ?? expect.fail();

describe('sweepJournals', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  async function note(name: string, entry: JournalEntry): Promise<void> {
    await new ArchiveJournal(join(directory, name), nodeFileLayer).write(entry);
  }

  async function sweep(mayAbort = true): Promise<JournaledUpload[]> {
    const aborted: JournaledUpload[] = [];
    await sweepJournals(directory, 'x_*.events', nodeFileLayer, async (upload) => {
      aborted.push(upload);
      return mayAbort;
    });
    return aborted;
  }

  it('deletes journals whose archive is gone, and keeps the others', async () => {
    for (const name of ['x_1.events', 'x_2.events', 'y_1.events']) await note(name, VERIFIED);
    await writeFile(join(directory, 'x_2.events'), 'archive');
    expect(await sweep()).to.deep.equal([]);
    expect(readdirSync(directory).sort()).to.deep.equal([
      'x_2.events',
      'x_2.events.journal',
      'y_1.events.journal',
    ]);
  });

  it('aborts the upload of a missing archive, and keeps the journal if that fails', async () => {
    await note('x_1.events', UPLOADING);
    await note('x_2.events', SEALED);
    const upload = Object(UPLOADING).upload;
    expect(await sweep(false)).to.deep.equal([upload]);
    expect(readdirSync(directory)).to.deep.equal(['x_1.events.journal']);
    expect(await sweep()).to.deep.equal([upload]);
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  it('deletes entries that were not completely written, and keeps damaged journals', async () => {
    const names = ['x_1.events.journal.0123abcd.part', 'x_1.events.damaged-1.journal'];
    for (const name of names) await writeFile(join(directory, name), 'torn');
    await sweep();
    expect(readdirSync(directory)).to.deep.equal(['x_1.events.damaged-1.journal']);
  });

  it('renames a damaged journal whose archive is gone', async () => {
    await writeFile(join(directory, 'x_1.events.journal'), 'torn');
    await sweep();
    expect(readdirSync(directory)).to.deep.equal(['x_1.events.damaged-1.journal']);
  });

  it('deletes stale leases of missing archives, and keeps those of living owners', async () => {
    await writeFile(join(directory, 'x_1.events.lock'), '');
    await utimes(join(directory, 'x_1.events.lock'), 0, 0);
    const lease = await takeLease(join(directory, 'x_2.events'), nodeFileLayer);
    await sweep();
    expect(readdirSync(directory)).to.deep.equal(['x_2.events.lock']);
    await lease?.release();
  });

  it('deletes stale leases of archives that were shipped and kept, and no others', async () => {
    for (const name of ['x_1.events', 'x_2.events', 'x_3.events']) {
      await writeFile(join(directory, name), 'archive');
      await writeFile(join(directory, `${name}.lock`), '');
      await utimes(join(directory, `${name}.lock`), 0, 0);
    }
    await note('x_1.events', SETTLED);
    await note('x_2.events', VERIFIED);
    await sweep();
    const leases = readdirSync(directory).filter((name) => name.endsWith('.lock'));
    expect(leases.sort()).to.deep.equal(['x_2.events.lock', 'x_3.events.lock']);
  });
});

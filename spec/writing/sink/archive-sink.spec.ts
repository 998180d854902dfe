import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { JsonLinesEncoder } from '../../../lib/codec/json-lines/json-lines-encoder.js';
import type { FileLayer, OpenFile } from '../../../lib/files/file-layer.js';
import { ArchiveDraft } from '../../../lib/writing/receipts/archive-draft.js';
import { ArchiveSink } from '../../../lib/writing/sink/archive-sink.js';
import { DiskRetry } from '../../../lib/writing/sink/disk-retry.js';
import { UnsyncedMemory } from '../../../lib/writing/sink/unsynced-memory.js';
import { FakeClock } from '../../support/fake-clock.js';
import { passTime } from '../../support/pass-time.js';
import { systemError } from '../../support/test-disk.js';
import { withFile } from '../../support/with-file.js';

const lineOf = (n: number) => `{"n":${n}}\n`;

/** More ticks than there are between a system call and its caller. */
const MOST_TICKS = 20;

describe('ArchiveSink', () => {
  let directory: string;
  let clock: FakeClock;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-durable-'));
    clock = new FakeClock();
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function create(files: FileLayer): Promise<ArchiveSink> {
    const encoder = new JsonLinesEncoder({ maxRecordBytes: 1000, slabBytes: 1000 });
    const draft = new ArchiveDraft(0, encoder);
    draft.name = 'a.jsonl';
    const retry = new DiskRetry(clock, { onStalled: () => {}, onResumed: () => {} });
    const memory = new UnsyncedMemory(2 ** 20, () => {});
    const options = { directory, files, retry, memory, keepsUnsynced: true };
    return await ArchiveSink.create(draft, options, (error) => error);
  }

  it('writes no record twice after a failed sync, whenever the previous sync began', async () => {
    for (let ticks = 0; ticks < MOST_TICKS; ticks++) {
      let onWritten = () => {};
      let syncsToFail = 0;
      const files = withFile((file: OpenFile) => ({
        write: async (...args) => {
          const result = await file.write(...args);
          onWritten();
          return result;
        },
        datasync: async () => {
          if (syncsToFail-- > 0) throw systemError('EIO', 'fdatasync');
          await file.datasync();
        },
      }));
      const archive = await create(files);
      let syncing: Promise<void> | undefined;
      onWritten = () => {
        onWritten = () => {};
        syncing = (async () => {
          for (let tick = 0; tick < ticks; tick++) await null;
          await archive.datasync();
        })();
      };
      await archive.append(Buffer.from(lineOf(1)), 1);
      await syncing;
      await archive.append(Buffer.from(lineOf(2)), 2);
      syncsToFail = 1;
      await passTime(clock, archive.datasync());
      const text = await readFile(archive.file.openPath, 'utf8');
      expect(text, `after ${ticks} ticks`).to.equal(lineOf(1) + lineOf(2));
      await archive.abandon();
    }
  });
});

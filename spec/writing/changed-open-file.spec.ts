import {
  appendFile,
  copyFile,
  open,
  readdir,
  readFile,
  rename,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveReader } from '../../lib/reading/rolling-read-stream.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import type { Receipt } from '../../lib/writing/receipts/receipt.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import type { LostRecords } from '../../lib/writing/sink/archive-sink.js';
import { fileTimePasses } from '../support/file-time.js';
import { numbered, TemporaryDirectories } from '../support/series.js';

/** What another program does to the open file. */
interface Change {
  readonly what: string;
  change(path: string): Promise<void>;
  /** Whether records are gone afterwards. */
  readonly isLoss: boolean;
}

const CHANGES: readonly Change[] = [
  {
    what: 'copied and truncated by a log rotator',
    async change(path) {
      await copyFile(path, `${path}.1`);
      await truncate(path, 0);
    },
    isLoss: true,
  },
  { what: 'cut shorter', change: (path) => truncate(path, 2000), isLoss: true },
  {
    what: 'overwritten in the middle',
    async change(path) {
      const file = await open(path, 'r+');
      await file.write(Buffer.alloc(500, 'x'), 0, 500, 1000);
      await file.close();
    },
    isLoss: true,
  },
  {
    what: 'written anew by another program',
    change: (path) => writeFile(path, 'a line of text\n'.repeat(1000)),
    isLoss: true,
  },
  { what: 'appended to', change: (path) => appendFile(path, 'a line\n'), isLoss: false },
  { what: 'moved away', change: (path) => rename(path, `${path}.1`), isLoss: false },
  { what: 'removed', change: (path) => unlink(path), isLoss: false },
  {
    what: 'replaced by another file',
    async change(path) {
      await writeFile(`${path}.1`, 'of another program');
      await rename(`${path}.1`, path);
    },
    isLoss: false,
  },
  {
    what: 'replaced by a copy of itself',
    async change(path) {
      await copyFile(path, `${path}.1`);
      await rename(`${path}.1`, path);
    },
    isLoss: false,
  },
];

describe('RollingWriteStream, whose open file another program changes', () => {
  const directories = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await directories.make();
  });

  afterEach(() => directories.remove());

  async function openPath(): Promise<string> {
    const name = (await readdir(directory)).find((one) => one.endsWith('.open'));
    return join(directory, name ?? expect.fail('there is no open archive'));
  }

  const payload = (name: string) => `${name} ${'.'.repeat(200)}`;

  /** For each receipt, the code of the error that `sealed` rejects with, or `fulfilled`. */
  async function sealsOf(receipts: readonly Receipt[]): Promise<string[]> {
    const settled = await Promise.allSettled(receipts.map((receipt) => receipt.sealed));
    return settled.map((result) =>
      result.status === 'fulfilled' ? 'fulfilled' : result.reason.code,
    );
  }

  /** The payloads that sealed archives hold, one array an archive. */
  async function sealedPayloads(): Promise<Set<string>> {
    const payloads = new Set<string>();
    for (const name of (await readdir(directory)).filter((one) => one.endsWith('.events'))) {
      const reader = createArchiveReader(join(directory, name), { whenDamaged: 'skip' });
      for await (const record of reader) payloads.add(record.text());
    }
    return payloads;
  }

  for (const sync of ['no', 'everysec', 'always'] as const) {
    for (const { change, isLoss, what } of CHANGES) {
      for (const when of ['before more records', 'before the seal'] as const) {
        it(`seals no record that is gone, of a file ${what} ${when}, with sync: '${sync}'`, async () => {
          const writer = new RollingWriteStream({
            directory,
            template: 'x_[[SEQUENCE]].events',
            sync,
            blockBytes: '1 KiB',
            roll: rollByCount(1000),
          });
          const lost: LostRecords[] = [];
          writer.on('lost', (one) => lost.push(one));
          const early = numbered('early', 40).map((name) => writer.append(payload(name)));
          await Promise.all(early.map((receipt) => receipt.synced));
          if (when === 'before more records') await fileTimePasses(await openPath());
          await change(await openPath());
          const names = when === 'before the seal' ? [] : numbered('late', 40);
          const late = names.map((name) => writer.append(payload(name)));
          await Promise.all(late.map((receipt) => receipt.synced));
          await writer.close();

          expect(await sealsOf(late)).to.deep.equal(late.map(() => 'fulfilled'));
          const expected = isLoss ? 'ERR_ARCHIVE_CHANGED' : 'fulfilled';
          expect(await sealsOf(early)).to.deep.equal(early.map(() => expected));
          const payloads = await sealedPayloads();
          for (const name of names) expect(payloads).to.include(payload(name));
          if (isLoss) {
            expect(lost).to.have.length(1);
            expect(lost[0]).to.have.property('records', 40);
            expect(lost[0]?.error).to.have.property('code', 'ERR_ARCHIVE_CHANGED');
            // The remaining records are sealed as well.
            if (what === 'cut shorter') expect(payloads).to.include(payload('early-0'));
            if (what === 'overwritten in the middle') {
              expect(payloads).to.include(payload('early-39'));
            }
          } else {
            expect(lost).to.deep.equal([]);
            for (const name of numbered('early', 40)) expect(payloads).to.include(payload(name));
          }
        });
      }
    }
  }

  it('notices a truncation while it writes without a pause', async () => {
    const writer = new RollingWriteStream({
      directory,
      template: 'x_[[SEQUENCE]].events',
      roll: rollByCount(1_000_000),
      flushInterval: '1ms',
    });
    const lost: LostRecords[] = [];
    writer.on('lost', (one) => lost.push(one));
    const receipts: Receipt[] = [];
    for (let n = 0; n < 200; n++) {
      for (let i = 0; i < 50; i++) receipts.push(writer.append(`${n}-${i}`));
      await receipts.at(-1)?.[n === 50 ? 'synced' : 'written'];
      if (n === 100) void openPath().then((path) => truncate(path, 0));
    }
    await writer.close();
    expect(lost).to.have.length(1);
    const payloads = await sealedPayloads();
    const sealed = await sealsOf(receipts);
    for (const [at, state] of sealed.entries()) {
      const text = `${Math.floor(at / 50)}-${at % 50}`;
      if (state === 'fulfilled') expect(payloads.has(text), text).to.equal(true);
    }
    expect(sealed.filter((state) => state === 'fulfilled').length).to.be.greaterThan(4000);
  });

  it('warns if there is no listener for lost records', async () => {
    const warning = new Promise<Error>((resolve) => {
      process.on('warning', function wait(found: Error) {
        if (!('code' in found) || found.code !== 'SHOEBOX_LOST') return;
        process.off('warning', wait);
        resolve(found);
      });
    });
    const writer = new RollingWriteStream({ directory, template: 'x_[[SEQUENCE]].events' });
    await writer.append('gone').synced;
    await truncate(await openPath(), 0);
    await writer.close();
    expect(await warning).to.have.property('name', 'ShoeboxWarning');
  });

  it('keeps what another program has written in the file, beside the archive', async () => {
    const writer = new RollingWriteStream({ directory, template: 'x_[[SEQUENCE]].events' });
    await writer.append('kept').synced;
    const path = await openPath();
    await appendFile(path, 'a line\n');
    await writer.close();
    const aside = await readFile(path.replace('.open', '.suspect'), 'latin1');
    expect(aside.endsWith('a line\n')).to.equal(true);
  });
});

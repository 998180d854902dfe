import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { RollingWriteStream } from '../../../lib/writing/rolling-write-stream.js';
import { type ScratchDirectory, withScratch } from '../../support/scratch-directory.js';
import { encodePart, numbered } from '../../support/series.js';
import { payloadsOf } from '../../support/writer-tools.js';

const TEMPLATE = 'x_[[SEQUENCE]].events';

/** Has a process of its own write numbers, each synced before the next, until it is killed amid that. */
async function writeAndKill(scratch: ScratchDirectory, format: string): Promise<number> {
  const index = new URL('../../../lib/index.ts', import.meta.url).href;
  const options = { directory: scratch.path, template: TEMPLATE, format };
  const script = await scratch.put(
    'child.mts',
    Buffer.from(`
      import { createArchiveWriter } from ${JSON.stringify(index)};
      const writer = createArchiveWriter(${JSON.stringify(options)});
      for (let n = 0; ; n++) {
        await writer.append(String(n)).synced;
        process.send(n);
      }
    `),
  );
  const child = fork(script, { execArgv: ['--import', 'tsx'] });
  let synced = -1;
  const isEnough = new Promise<void>((resolve) => {
    child.on('message', (n) => {
      synced = Number(n);
      if (synced >= 25) resolve();
    });
  });
  const exit = once(child, 'exit');
  await isEnough;
  child.kill('SIGKILL');
  await exit;
  await rm(script);
  for (const name of await scratch.list()) {
    // As if it had been watched.
    if (name.endsWith('.lock')) await rm(join(scratch.path, name));
  }
  return synced + 1;
}

/** Opens a writer that finds what is left, and closes it. */
async function recover(directory: string): Promise<unknown[]> {
  const failed: unknown[] = [];
  const writer = new RollingWriteStream({ directory, template: TEMPLATE });
  writer.on('failed', (failure) => failed.push(failure));
  await writer.close();
  return failed;
}

describe('recovery, by writers', () => {
  for (const format of ['v2', 'v1', 'jsonl']) {
    it(`reads all that a killed process had synced once, in order, as ${format}`, async () => {
      await withScratch(async (scratch) => {
        const synced = await writeAndKill(scratch, format);
        expect(await recover(scratch.path)).to.deep.equal([]);
        const payloads = await payloadsOf(scratch.path);
        expect(payloads.length).to.be.at.least(synced);
        expect(payloads).to.deep.equal(payloads.map((_, n) => String(n)));
        const names = await readdir(scratch.path);
        expect(names.filter((name) => !name.includes('.torn-'))).to.deep.equal(['x_000000.events']);
      });
    });
  }

  it('is done once where two begin at the same time', async () => {
    await withScratch(async (scratch) => {
      const payloads = [0, 1, 2, 3].map((n) => numbered(`p${n}`, 20));
      for (const [n, part] of payloads.entries()) {
        const bytes = encodePart(part, { sequence: 20 * n, time: 20 * n });
        await scratch.put(`x_${n}.events.open`, Buffer.concat([bytes, Buffer.from('torn')]));
      }
      await Promise.all([recover(scratch.path), recover(scratch.path), recover(scratch.path)]);
      await recover(scratch.path);
      expect(await payloadsOf(scratch.path)).to.deep.equal(payloads.flat());
      const names = await scratch.list();
      expect(names.filter((name) => !name.includes('.torn-'))).to.deep.equal(
        [0, 1, 2, 3].map((n) => `x_${n}.events`),
      );
      expect(names).to.have.length(8);
    });
  });
});

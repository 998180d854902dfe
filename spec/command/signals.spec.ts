import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { createArchiveReader, createArchiveWriter } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

describe('a signal', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  /** Runs a command that gets a signal as soon as it listens for one. */
  async function interrupted(
    args: readonly string[],
    signal: 'SIGHUP' | 'SIGINT' | 'SIGTERM',
    isTTY?: boolean,
  ) {
    const onListener = (name: string | symbol) => {
      if (name !== signal) return;
      process.off('newListener', onListener);
      // The listener is added after this event.
      queueMicrotask(() => process.emit(signal));
    };
    process.on('newListener', onListener);
    try {
      return await callShoebox(args, { stdin: { isTTY } });
    } finally {
      process.off('newListener', onListener);
    }
  }

  it('ends every command that reads archives, which then leaves no output behind', async () => {
    const directory = await temporary.make();
    const archive = join(directory, 'archive');
    await mkdir(archive);
    const writer = createArchiveWriter({ directory: archive, template: 'a.events' });
    writer.write({ payload: 'x' });
    await writer.close();
    const out = join(directory, 'out');
    const commands = [
      ['cat', archive],
      ['tail', archive],
      ['ls', archive],
      ['stat', archive],
      ['verify', archive],
      ['report', archive, '-o', out],
      ['export', archive, '--format', 'jsonl', '-o', out],
      ['repair', join(archive, 'a.events'), '-o', out],
      ['fetch', archive, join(directory, 'copy')],
      ['ship', archive, '--to', join(directory, 'store')],
    ];
    for (const args of commands) {
      const { code, stderr, stdout } = await interrupted(args, 'SIGINT');
      expect([code, stdout], `${args[0]}: ${stderr}`).to.deep.equal([130, '']);
    }
    expect((await interrupted(['verify', archive], 'SIGTERM')).code).to.equal(143);
    expect(await readdir(directory)).to.not.include('out');
    expect(await readdir(archive)).to.deep.equal(['a.events']);
  });

  it('of a terminal that has gone ends a command; without a terminal, as with nohup, it does not', async () => {
    const directory = await temporary.make();
    const writer = createArchiveWriter({ directory });
    writer.write({ payload: 'x' });
    await writer.close();
    expect((await interrupted(['cat', directory], 'SIGHUP', true)).code).to.equal(129);
    const { code, stdout } = await interrupted(['cat', directory, '--format', 'payload'], 'SIGHUP');
    expect([code, stdout]).to.deep.equal([0, 'x\n']);
  });

  it('ends an import, which seals what it has read', async () => {
    const directory = await temporary.make();
    const lines = join(directory, 'lines.jsonl');
    await writeFile(lines, '{"payload":"x"}\n');
    const copy = join(directory, 'copy');
    const args = ['import', lines, copy, '--create-directory'];
    expect((await interrupted(args, 'SIGINT')).code).to.equal(130);
    expect(await createArchiveReader(copy, { allowEmpty: true }).toArray()).to.deep.equal([]);
  });
});

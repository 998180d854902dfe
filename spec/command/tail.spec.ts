import { once } from 'node:events';

import { expect } from 'chai';

import { createArchiveWriter, rollByCount } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { startShoebox } from '../support/run-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

describe('shoebox tail', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  async function series(count: number) {
    const directory = await temporary.make();
    const writer = createArchiveWriter({ directory, roll: rollByCount(7), flushInterval: 1 });
    for (let i = 0; i < count; i++) {
      writer.write({ payload: String(i), metadata: { odd: String(i % 2) } });
    }
    await writer.flush({ until: 'synced' });
    return { directory, writer };
  }

  it('prints the last ten records, or as many as -n says', async () => {
    const { directory, writer } = await series(33);
    const printed = async (...options: string[]) => {
      const args = ['tail', directory, '--format', 'payload', ...options];
      const { code, stderr, stdout } = await callShoebox(args);
      expect([code, stderr], options.join(' ')).to.deep.equal([0, '']);
      return stdout.split('\n').slice(0, -1).map(Number);
    };
    try {
      expect(await printed()).to.deep.equal(Array.from({ length: 10 }, (_, i) => 23 + i));
      expect(await printed('-n', '2')).to.deep.equal([31, 32]);
      expect(await printed('-n', '0')).to.deep.equal([]);
      expect(await printed('-n', '100')).to.have.length(33);
      expect(await printed('-n', '2', '--where', 'odd=1')).to.deep.equal([29, 31]);
    } finally {
      await writer.close();
    }
    const { code, stderr } = await callShoebox(['tail', directory, '-n', 'x']);
    expect([code, stderr]).to.deep.equal([
      2,
      'shoebox: --lines is "x": expected a whole number, 0 to 1000000\n',
    ]);
    expect((await callShoebox(['tail', `${directory}/none`])).code).to.equal(1);
  });

  it('follows without losing or repeating a record, and ends at SIGINT with 130', async () => {
    const { directory, writer } = await series(20);
    const child = startShoebox(['tail', directory, '-n', '3', '-f', '--format', 'payload']);
    let printed = '';
    const reached = async (last: number) => {
      while (!printed.endsWith(`\n${last}\n`)) {
        const [chunk] = await once(child.stdout, 'data');
        printed += String(chunk);
      }
    };
    try {
      await reached(19);
      for (let i = 20; i < 50; i++) writer.write({ payload: String(i) });
      await reached(49);
      await writer.close();
      child.kill('SIGINT');
      expect(await once(child, 'exit')).to.deep.equal([130, null]);
      const expected = Array.from({ length: 33 }, (_, i) => `${17 + i}\n`);
      expect(printed).to.equal(expected.join(''));
    } finally {
      child.kill('SIGKILL');
      await writer.close();
    }
  });
});

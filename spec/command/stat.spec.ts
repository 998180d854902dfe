import { expect } from 'chai';

import { createArchiveWriter } from '../../lib/index.js';
import { callShoebox } from '../support/call-shoebox.js';
import { TemporaryDirectories } from '../support/series.js';

describe('shoebox stat', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  async function series(): Promise<string> {
    const directory = await temporary.make();
    const writer = createArchiveWriter({ directory, template: 'a.events' });
    for (let i = 0; i < 6; i++) {
      const time = new Date(Date.UTC(2026, 10, 30, i < 4 ? 9 : 11, i));
      writer.write({ payload: 'four', time, metadata: { event: i < 5 ? 'login' : 'logout' } });
    }
    writer.write({ payload: '', time: new Date(Date.UTC(2026, 10, 30, 11, 59)) });
    await writer.close();
    return directory;
  }

  it('prints totals, a plot, and the most frequent values', async () => {
    const { code, stderr, stdout } = await callShoebox(['stat', await series()]);
    expect([code, stderr]).to.deep.equal([0, '']);
    const lines = stdout.split('\n');
    expect(lines[0]).to.match(/^1 archive, \d+ B$/);
    expect(lines.slice(1)).to.deep.equal([
      '7 records, 24 B of payload',
      'from 2026-11-30 09:00:00 to 2026-11-30 11:59:00 UTC',
      '',
      'records per hour',
      `  2026-11-30 09:00  4  ${'█'.repeat(40)}`,
      `  2026-11-30 11:00  3  ${'█'.repeat(30)}`,
      '',
      'event',
      '  5  login',
      '  1  logout',
      '',
    ]);
  });

  it('prints one line of JSON, also of some records only', async () => {
    const directory = await series();
    const summary = async (...options: string[]) =>
      JSON.parse((await callShoebox(['stat', directory, '--json', ...options])).stdout);
    expect(await summary()).to.deep.include({
      ...{ type: 'summary', archives: 1, records: 7, payloadBytes: 24 },
      metadata: {
        event: [
          { value: 'login', count: 5 },
          { value: 'logout', count: 1 },
        ],
      },
      firstTime: '2026-11-30T09:00:00.000Z',
    });
    expect(await summary('--since', '2026-11-30T11:00Z')).to.include({ records: 3 });
    expect(await summary('--where', 'event=none')).to.include({ records: 0, firstTime: null });
  });
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import { expect } from 'chai';

import { createArchiveReader } from '../../lib/index.js';
import { compiled } from '../support/compiled.js';
import { TemporaryDirectories } from '../support/series.js';

const TRANSPORT = new URL('../../lib/sources/pino-transport.ts', import.meta.url);
const CHILD = new URL('../support/pino-child.ts', import.meta.url);

describe('the pino transport', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  for (const way of ['end of the event loop', 'exit', 'throw', 'flush']) {
    it(`loses no line at ${way}`, async () => {
      const directory = await temporary.make();
      const args = [compiled(CHILD).pathname, directory, compiled(TRANSPORT).href, way, '2000'];
      const child = spawn(process.execPath, args);
      const [stderr] = await Promise.all([text(child.stderr), once(child, 'exit')]);
      expect(stderr.includes('Error')).to.equal(way === 'throw', stderr);
      const records = await createArchiveReader(directory).toArray();
      const numbers = records.map((record) => JSON.parse(record.text()).n);
      expect(numbers).to.deep.equal(Array.from({ length: 2000 }, (_, n) => n));
      const [first] = records;
      expect(first?.text()).to.match(/^\{.*\}$/);
      expect({ ...first?.metadata }).to.deep.equal({ level: '30', event: 'e0' });
      expect(first?.timeMicros).to.equal(JSON.parse(first?.text() ?? '').time * 1000);
    });
  }
});

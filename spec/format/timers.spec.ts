import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';

import { expect } from 'chai';

import { timers } from '../../lib/format/timers.js';
import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';

describe('timers', () => {
  it('are those of Node, also after a test replaced the globals', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'shoebox-timers-'));
    mock.timers.enable({ apis: ['setTimeout', 'setImmediate', 'setInterval'] });
    try {
      expect(timers.setTimeout).to.not.equal(globalThis.setTimeout);
      const writer = createArchiveWriter({ directory, template: 'a_[[SEQUENCE]].events' });
      const receipt = await writer.append('one');
      await receipt.written;
      await receipt.synced;
      await writer.close();
      expect(await readdir(directory)).to.deep.equal(['a_000000.events']);
    } finally {
      mock.timers.reset();
      await rm(directory, { recursive: true });
    }
  });

  it('are the only ones that this package uses', async () => {
    const lib = join(import.meta.dirname, '../../lib');
    const late =
      /(?<![.\w])(?:set(?:Timeout|Interval|Immediate)|performance\.now|process\.nextTick)\(/;
    const users: string[] = [];
    for (const name of await readdir(lib, { recursive: true })) {
      if (!name.endsWith('.ts') || name === join('format', 'timers.ts')) continue;
      // The command is a process of its own, which no test runner loads.
      if (name.startsWith(join('command', '/'))) continue;
      if (late.test(await readFile(join(lib, name), 'utf8'))) users.push(name);
    }
    expect(users).to.deep.equal([]);
  });
});

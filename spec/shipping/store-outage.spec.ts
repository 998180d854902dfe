import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect } from 'chai';

import { createArchiveReader } from '../../lib/index.js';
import type { OutageReport } from '../support/outage-report.js';
import { TemporaryDirectories } from '../support/series.js';

const CHILD = fileURLToPath(new URL('../support/outage-child.ts', import.meta.url));
const MIB = 2 ** 20;

describe('a store that goes away for more than 50 archives', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  it('costs nothing but time: the source is held, within the budget, in', async function () {
    const [directory, to] = [await directories.make(), await directories.make()];
    const child = fork(CHILD, [directory, to], { execArgv: ['--import', 'tsx'] });
    const exit = once(child, 'exit');
    const told = once(child, 'message').then(([report]: OutageReport[]) => report);
    const report = await Promise.race([told, exit.then(() => undefined)]);
    if (report === undefined) return expect.fail('the writer has ended without a word');
    expect(await exit).to.deep.equal([0, null]);

    expect(report.failures).to.be.greaterThan(0);
    expect(report.left).to.be.at.least(50);
    expect(report.givenLater).to.equal(report.givenWhenHeld);
    // One record, and the index of its archive.
    const most = report.maxSpoolBytes + report.recordBytes + 4096;
    expect(report.mostSpoolBytes).to.be.within(report.maxSpoolBytes - report.recordBytes, most);
    expect(report.mostRssBytes).to.be.lessThan(200 * MIB);
    if (this.test) this.test.title += ` ${Math.round(report.mostRssBytes / MIB)} MiB of memory`;

    expect(readdirSync(directory)).to.deep.equal([]);
    expect(readdirSync(to)).to.have.length(100);
    const numbers: number[] = [];
    for await (const { metadata, payload } of createArchiveReader(to)) {
      numbers.push(Number(metadata.n));
      expect(payload.length).to.equal(report.recordBytes);
    }
    expect(numbers).to.deep.equal(Array.from({ length: 100 }, (_, n) => n));
  });
});

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';

import { expect } from 'chai';

import { createArchiveReader } from '../../lib/index.js';
import { allowTime } from '../support/allow-time.js';
import { compiled } from '../support/compiled.js';
import type { OutageReport } from '../support/outage-report.js';
import { TemporaryDirectories } from '../support/series.js';

const CHILD = new URL('../support/outage-child.ts', import.meta.url);
const MIB = 2 ** 20;

describe('a store that is down for more than 50 archives', function () {
  allowTime(this, 120_000);

  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  it('costs only time, holds the source within the spool limit, and needs', async function () {
    const [directory, to] = [await directories.make(), await directories.make()];
    const child = fork(compiled(CHILD), [directory, to], { execArgv: [] });
    const exit = once(child, 'exit');
    const reported = once(child, 'message').then(([report]: OutageReport[]) => report);
    const report = await Promise.race([reported, exit.then(() => undefined)]);
    if (report === undefined) return expect.fail('the writer exited without a report');
    expect(await exit).to.deep.equal([0, null]);

    expect(report.failures).to.be.greaterThan(0);
    expect(report.left).to.be.at.least(50);
    expect(report.givenLater).to.equal(report.givenWhenHeld);
    // One record and the index of its archive may exceed the limit.
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

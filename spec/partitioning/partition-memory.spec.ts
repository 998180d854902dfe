import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';

import { expect } from 'chai';

import { allowTime } from '../support/allow-time.js';
import { compiled } from '../support/compiled.js';
import type { PartitionMemoryReport } from '../support/partition-memory-report.js';
import { TemporaryDirectories } from '../support/series.js';

const CHILD = new URL('../support/partition-memory-child.ts', import.meta.url);
const MIB = 2 ** 20;

/** The gate has more: 10,000 partitions of a day, and 300 that take turns. */
const PARTITIONS = Number(process.env.SHOEBOX_PARTITIONS ?? 64);

describe('the memory of a partitioned writer', function () {
  allowTime(this, 900_000);

  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  const reports = new Map<string, Promise<PartitionMemoryReport>>();

  /** With few partitions, both specs look at the same run. */
  function run(partitions: number, each: number): Promise<PartitionMemoryReport> {
    const key = `${partitions} ${each}`;
    const report = reports.get(key) ?? start(partitions, each);
    reports.set(key, report);
    return report;
  }

  async function start(partitions: number, each: number): Promise<PartitionMemoryReport> {
    const directory = await directories.make();
    const args = [directory, String(partitions), String(each)];
    // The report must not count the memory of a loader, which these options would start.
    const env = { ...process.env, NODE_OPTIONS: '' };
    const child = fork(compiled(CHILD), args, { execArgv: [], env });
    const exit = once(child, 'exit');
    const [report] = await Promise.race([once(child, 'message'), exit.then(() => [undefined])]);
    expect(await exit).to.deep.equal([0, null]);
    expect(report).to.include({ records: partitions * each, left: 0 });
    // Folders are gone when all is shipped.
    expect(readdirSync(directory)).to.deep.equal([]);
    return report;
  }

  it('depends on how many are open, not on how many there are', async function () {
    const { mostRssBytes } = await run(Math.min(300, PARTITIONS), PARTITIONS > 300 ? 20 : 2);
    expect(mostRssBytes).to.be.lessThan(150 * MIB);
    if (this.test) this.test.title += `: ${Math.round(mostRssBytes / MIB)} MiB`;
  });

  it('does not grow with the partitions of a day', async function () {
    const { heap } = await run(PARTITIONS, PARTITIONS > 300 ? 1 : 2);
    expect(heap.length).to.be.above(3);
    const [first = 0, last = 0] = [heap[0], heap.at(-1)];
    expect(last - first).to.be.lessThan(4 * MIB);
    if (this.test) this.test.title += `: ${((last - first) / MIB).toFixed(1)} MiB more`;
  });
});

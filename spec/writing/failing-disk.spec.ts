import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { verifyArchives } from '../../lib/reading/verifying/verify-archives.js';
import type { CloseOptions } from '../../lib/writing/close-options.js';
import { rollByCount } from '../../lib/writing/policies/roll-policies.js';
import type { Receipt } from '../../lib/writing/receipts/receipt.js';
import type { RollingWriteOptions } from '../../lib/writing/rolling-write-options.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import type { DiskStall, DiskStep } from '../../lib/writing/sink/disk-retry.js';
import { allowTime } from '../support/allow-time.js';
import { FakeClock } from '../support/fake-clock.js';
import { passTime } from '../support/pass-time.js';
import { QUICK_PLACE } from '../support/quick-place.js';
import { systemError, TestDisk } from '../support/test-disk.js';
import { catchUncaught, numbers, payloadsOf } from '../support/writer-tools.js';

const RECORDS = 7;

/**
 * Each fault is tried at every 19th call, starting at different ones; with `all`, at each call.
 */
const STRIDE = process.env.FAILING_CALLS === 'all' ? 1 : 19;

/** The result of one run of the script. */
interface Run {
  readonly error: unknown;
  readonly receipts: readonly Receipt[];
  readonly stalls: readonly DiskStall[];
  readonly resumes: readonly DiskStep[];
}

describe('RollingWriteStream, on a disk that fails', function () {
  allowTime(this, 120_000);

  let directory: string;
  let clock: FakeClock;

  beforeEach(async () => {
    directory = await mkdtemp(join(QUICK_PLACE, 'shoebox-failing-'));
    clock = new FakeClock();
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  /** Makes calls of every kind: writes three archives, and syncs the first two midway. */
  async function run(
    disk: TestDisk,
    { deadlineMs, ...options }: Partial<RollingWriteOptions> & CloseOptions,
  ): Promise<Run> {
    const writer = new RollingWriteStream({
      directory,
      clock,
      files: disk.files,
      roll: rollByCount(3),
      template: 'a.events',
      ...options,
    });
    const stalls: DiskStall[] = [];
    const resumes: DiskStep[] = [];
    const stalled = new Promise<void>((resolve) => {
      writer.on('stalled', (stall) => {
        stalls.push(stall);
        resolve();
      });
    });
    writer.on('resumed', (step) => resumes.push(step));
    let error: unknown = null;
    writer.on('error', (failure) => {
      error = failure;
    });
    const receipts: Receipt[] = [];
    const write = async () => {
      for (const payload of numbers(RECORDS)) {
        if (writer.destroyed) break;
        const receipt = writer.append(payload);
        receipts.push(receipt);
        void receipt.sealed;
        const isMidway = receipts.length % 3 === 2;
        if (isMidway) await Promise.race([stalled, receipt.synced.catch(() => undefined)]);
      }
      await writer.close({ deadlineMs }).catch((failure) => {
        error = failure;
      });
    };
    await passTime(clock, write());
    return { error, receipts, stalls, resumes };
  }

  let faults = 0;

  const empty = async () => {
    for (const name of await readdir(directory)) {
      await rm(join(directory, name), { recursive: true });
    }
  };

  /** Runs the script repeatedly, each time with another call that fails. */
  async function eachCall(
    createDisk: (at: number) => TestDisk,
    options: Partial<RollingWriteOptions> & CloseOptions,
    check: (run: Run, disk: TestDisk, at: number) => Promise<void>,
  ): Promise<number> {
    const stop = catchUncaught();
    let at = 1 + (faults++ % STRIDE);
    try {
      for (let isPassed = false; !isPassed; at += STRIDE) {
        const disk = createDisk(at);
        const result = await run(disk, options);
        isPassed = disk.calls.length < at;
        await check(result, disk, at);
        expect([disk.openFiles, clock.pendingTimers], `call ${at}`).to.deep.equal([0, 0]);
        await empty();
      }
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      expect(stop()).to.deep.equal([]);
    }
    return at;
  }

  const transient: [
    code: string,
    times: number,
    isDone: boolean,
    sync: 'no' | 'everysec' | 'always',
  ][] = [
    ['EIO', 1, false, 'everysec'],
    ['EIO', 4, false, 'no'],
    ['EIO', 1, true, 'always'],
    ['ENOSPC', 5, false, 'everysec'],
    ['EDQUOT', 2, false, 'always'],
    ['EMFILE', 2, false, 'everysec'],
    ['EROFS', 3, false, 'no'],
  ];
  for (const [code, times, isDone, sync] of transient) {
    const fault = `${code}, ${times} times${isDone ? ', though its work was done' : ''}`;
    it(`loses and repeats no record after ${fault} in any call (sync: '${sync}')`, async () => {
      const failure = systemError(code, 'call');
      const runs = await eachCall(
        (at) => {
          const disk = new TestDisk((_call, _path, n) => {
            if (n >= at && n < at + times) throw failure;
          });
          disk.failsDone = isDone;
          return disk;
        },
        // The fake clock runs ahead of a real disk.
        { sync, deadlineMs: 24 * 60 * 60 * 1000 },
        async ({ error, receipts, resumes, stalls }, disk, at) => {
          const call = `call ${at}, ${disk.calls[at - 1]}`;
          // If the directory refuses the first file, the writer ends.
          if (code === 'EROFS' && !disk.calls.includes('write')) {
            expect(error, call).to.have.property('code', 'ERR_DIRECTORY');
            return;
          }
          expect(error, call).to.equal(null);
          expect(await payloadsOf(directory), call).to.deep.equal(numbers(RECORDS));
          for (const receipt of receipts) {
            await receipt.synced;
            await receipt.sealed;
          }
          expect(resumes, call).to.have.length(stalls.length);
          for (const stall of stalls) expect(stall.error).to.equal(failure);
          const names = await readdir(directory);
          const left = names.filter((name) => !/\.events(\.suspect)?$/.test(name));
          expect(left, call).to.deep.equal([]);
          const { problems } = await verifyArchives(join(directory, '*.events'));
          // Without room for an index, the archive has none.
          const hasRoom = code !== 'ENOSPC' && code !== 'EDQUOT';
          const others = problems.filter(({ kind }) => hasRoom || kind !== 'unfinished');
          expect(others, call).to.deep.equal([]);
        },
      );
      expect(runs).to.be.greaterThan(40);
    });
  }

  for (const [code, times, isDone] of [
    ['EIO', 1, false],
    ['EIO', 1, true],
    ['EMFILE', 3, false],
  ] as const) {
    const fault = `${code}, ${times} times${isDone ? ', though its work was done' : ''}`;
    it(`loses and repeats no record if any call for a lease fails with ${fault}`, async () => {
      let calls = 0;
      await eachCall(
        (at) => {
          calls = 0;
          const disk = new TestDisk((_call, path) => {
            if (!path.endsWith('.lock')) return;
            calls++;
            if (calls >= at && calls < at + times) throw systemError(code, 'call');
          });
          disk.countsLeases = true;
          disk.failsDone = isDone;
          return disk;
        },
        { deadlineMs: 24 * 60 * 60 * 1000 },
        async ({ error, receipts }, _disk, at) => {
          expect(error, `call ${at}`).to.equal(null);
          expect(await payloadsOf(directory), `call ${at}`).to.deep.equal(numbers(RECORDS));
          for (const receipt of receipts) await receipt.sealed;
          const left = (await readdir(directory)).filter((name) => !name.endsWith('.events'));
          // A lease that could not be given back becomes stale.
          expect(left.length, `call ${at}`).to.be.at.most(times);
          for (const name of left) expect(name).to.match(/\.events\.open\.lock$/);
        },
      );
      expect(calls).to.be.greaterThan(10);
    });
  }

  for (const code of ['EIO', 'ENOSPC', 'EMFILE']) {
    it(`keeps every promise if all calls fail with ${code} from any call on`, async () => {
      const failure = systemError(code, 'call');
      const runs = await eachCall(
        (at) =>
          new TestDisk((_call, _path, n) => {
            if (n >= at) throw failure;
          }),
        { deadlineMs: 5000 },
        async ({ error, receipts, stalls }, disk, at) => {
          const call = `call ${at}, ${disk.calls[at - 1]}`;
          const isPassed = disk.calls.length < at;
          expect(error, call).to.equal(isPassed ? null : failure);
          expect(stalls.length > 0, call).to.equal(!isPassed);
          const found = await payloadsOf(directory);
          expect(found, call).to.deep.equal(numbers(found.length));
          const results = await Promise.allSettled(receipts.map((receipt) => receipt.synced));
          const synced = results.filter(({ status }) => status === 'fulfilled').length;
          expect(found.length, call).to.be.within(synced, receipts.length);
          // The next writer, on a disk that works, recovers what is there.
          const next = new RollingWriteStream({ directory, clock, template: 'a.events' });
          await passTime(clock, next.close());
          expect(await payloadsOf(directory), call).to.deep.equal(found);
        },
      );
      expect(runs).to.be.greaterThan(40);
    });
  }
});

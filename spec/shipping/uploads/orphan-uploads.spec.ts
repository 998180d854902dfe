import { expect } from 'chai';

import {
  OrphanUploads,
  type OrphanUploadsOptions,
} from '../../../lib/shipping/uploads/orphan-uploads.js';
import type { UnfinishedUpload } from '../../../lib/stores/contract/store.js';
import { FakeClock } from '../../support/fake-clock.js';
import { MemoryStore, storeError } from '../../support/memory-store.js';
import { until } from '../../support/until.js';

const DAY_MS = 24 * 3_600_000;

describe('OrphanUploads', () => {
  let store: MemoryStore;
  let clock: FakeClock;
  let failed: string[];
  let stopping: AbortController;

  beforeEach(() => {
    store = new MemoryStore();
    clock = new FakeClock();
    failed = [];
    stopping = new AbortController();
  });

  function create(options: Partial<OrphanUploadsOptions> = {}): OrphanUploads {
    return new OrphanUploads({
      ...{ store, clock, prefix: 'logs/', pattern: 'logs/*/x_*.events.gz', afterMs: 7 * DAY_MS },
      signal: stopping.signal,
      onFailed: (target) => void failed.push(target),
      ...options,
    });
  }

  function begin(key: string, ageMs: number): void {
    const startedAt = new Date(clock.now() - ageMs);
    store.uploads.push({ key, uploadId: `${key} ${ageMs}`, startedAt });
  }

  function left(): string[] {
    return store.uploads.map(({ uploadId }) => uploadId);
  }

  it('aborts old uploads of the series, and no others', async () => {
    begin('logs/a/x_1.events.gz', 7 * DAY_MS);
    begin('logs/a/x_1.events.gz', 7 * DAY_MS - 1);
    begin('logs/a/y_1.events.gz', 8 * DAY_MS);
    begin('logs/x_1.events.gz', 8 * DAY_MS);
    begin('logs/a/b/x_1.events.gz', 8 * DAY_MS);
    begin('other/a/x_1.events.gz', 8 * DAY_MS);
    const [, ...others] = left();
    const orphans = create();
    orphans.start();
    await until(() => store.count('abort') > 0);
    await orphans.stop();
    expect(left()).to.deep.equal(others);
    expect([store.count('abort'), failed, clock.pendingTimers]).to.deep.equal([1, [], 0]);
  });

  it('looks again every day', async () => {
    const orphans = create();
    orphans.start();
    await until(() => clock.pendingTimers > 0);
    begin('logs/a/x_1.events.gz', 6 * DAY_MS);
    clock.advance(DAY_MS);
    await until(() => left().length === 0);
    expect(clock.refTimers).to.equal(0);
    await orphans.stop();
    expect(clock.pendingTimers).to.equal(0);
  });

  it('reports an upload that it could not abort, and continues with the next', async () => {
    begin('logs/a/x_1.events.gz', 8 * DAY_MS);
    begin('logs/a/x_2.events.gz', 8 * DAY_MS);
    store.before = () => {
      if (store.count('abort') === 1) throw storeError(false, 'AccessDenied');
    };
    const orphans = create();
    orphans.start();
    await until(() => store.count('abort') >= 2);
    await orphans.stop();
    expect(failed).to.deep.equal(['memory/logs/a/x_1.events.gz']);
    expect(left()).to.deep.equal([`logs/a/x_1.events.gz ${8 * DAY_MS}`]);
  });

  for (const [code, reported] of [
    ['AccessDenied', ['memory/logs/']],
    ['NotImplemented', []],
  ] as const) {
    it(`keeps looking if the store answers ${code} to the listing`, async () => {
      store.listUploads = () => listing(Promise.reject(storeError(false, code)));
      const orphans = create();
      orphans.start();
      await until(() => clock.pendingTimers > 0);
      await orphans.stop();
      expect(failed).to.deep.equal(reported);
    });
  }

  it('stops without an answer of the store once the signal aborts', async () => {
    store.listUploads = () => listing(new Promise(() => {}));
    const orphans = create();
    orphans.start();
    stopping.abort();
    await orphans.stop();
    expect(failed).to.deep.equal([]);
  });

  it('does nothing if the store has no uploads', async () => {
    const { name, put, head, get, list, close } = store;
    const plain = { name, put, head, get, list, close, delete: store.delete };
    const orphans = create({ store: plain });
    orphans.start();
    await orphans.stop();
    expect(clock.pendingTimers).to.equal(0);
  });
});

/** A listing of the uploads that a promise gives. */
async function* listing(uploads: Promise<UnfinishedUpload[]>): AsyncGenerator<UnfinishedUpload> {
  yield* await uploads;
}

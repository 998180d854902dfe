import { expect } from 'chai';

import { ArchiveSync, type SyncMode } from '../../../lib/writing/sink/archive-sync.js';
import { FakeClock } from '../../support/fake-clock.js';
import { Gate } from '../../support/test-disk.js';

describe('ArchiveSync', () => {
  let clock: FakeClock;
  let gate: Gate;
  let syncs: number;
  let synced: number[];
  let failures: unknown[];

  beforeEach(() => {
    clock = new FakeClock();
    gate = new Gate();
    syncs = 0;
    synced = [];
    failures = [];
  });

  const create = (mode: SyncMode) =>
    new ArchiveSync({
      mode,
      clock,
      sync: async () => {
        syncs++;
        await gate.pass();
      },
      onSynced: (records) => synced.push(records),
      onFailure: (error) => failures.push(error),
    });

  const ticks = () => new Promise<void>((resolve) => setImmediate(resolve));

  it('waits for records that are not written yet, so that one sync covers all', async () => {
    gate.open();
    const sync = create('no');
    sync.want(3);
    sync.want(5);
    sync.wrote(2);
    await ticks();
    expect(syncs).to.equal(0);
    sync.wrote(5);
    await ticks();
    expect([syncs, synced]).to.deep.equal([1, [5]]);
  });

  it('syncs the written records on request, even if a caller waits for more', async () => {
    gate.open();
    const sync = create('no');
    sync.wrote(2);
    sync.want(5);
    sync.wantWritten();
    await ticks();
    expect(synced).to.deep.equal([2]);
    sync.wrote(5);
    await ticks();
    expect([syncs, synced]).to.deep.equal([2, [2, 5]]);
  });

  it('syncs the written records after a second, even if a caller waits for more', async () => {
    gate.open();
    const sync = create('everysec');
    sync.want(5);
    sync.wrote(2);
    clock.advance(1000);
    await ticks();
    expect(synced).to.deep.equal([2]);
    await sync.stop();
  });

  it('begins no second sync for the records of the current one', async () => {
    const sync = create('no');
    sync.wrote(2);
    sync.want(2);
    sync.want(1);
    sync.wantWritten();
    gate.open();
    await ticks();
    expect([syncs, synced, failures]).to.deep.equal([1, [2], []]);
  });
});

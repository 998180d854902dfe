import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';
import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { KeyTemplate } from '../../lib/shipping/key-template.js';
import { ShipQueue, type WaitingShipment } from '../../lib/shipping/ship-queue.js';
import { Shipment, type ShipmentContext } from '../../lib/shipping/shipment.js';
import { createCompression } from '../../lib/streams/compression/compression.js';
import { FakeClock } from '../support/fake-clock.js';
import { MemoryStore, storeError } from '../support/memory-store.js';
import { turns } from '../support/shipping-writer.js';
import { systemError } from '../support/test-disk.js';

const SECOND_MS = 1000;

/** A failure that another attempt cannot change. */
const FINAL = new ArchiveError('ERR_KEY_TAKEN', 'taken');

/** The longest delays after one failure, after many, and after one that is final. */
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 30_000;
const STUCK_DELAY_MS = 30_000;

/** No shipment here does anything, so none uses its context. */
const CONTEXT: ShipmentContext = {
  store: new MemoryStore(),
  files: nodeFileLayer,
  keys: new KeyTemplate('[[NAME]]'),
  compression: createCompression({}),
  arePlainKeysOwn: true,
  localFile: 'delete',
  signal: new AbortController().signal,
  onToleratedFailure() {},
};

describe('ShipQueue', () => {
  let clock: FakeClock;
  let queue: ShipQueue;
  /** Names of the shipments that got a turn, in order. */
  let given: string[];
  /** Ends the turn of a shipment, by its name. */
  let end: Map<string, () => void>;

  beforeEach(() => create());

  /** By default a turn lasts until the spec ends it. */
  function create(
    concurrency = 1,
    turn = ({ shipment }: WaitingShipment) =>
      new Promise<void>((resolve) => end.set(shipment.archive.name, resolve)),
  ): void {
    clock = new FakeClock();
    given = [];
    end = new Map();
    queue = new ShipQueue({
      concurrency,
      clock,
      async ship(waiting) {
        given.push(waiting.shipment.archive.name);
        await turn(waiting);
      },
    });
  }

  function add(...names: readonly string[]): void {
    for (const name of names) {
      queue.add(Shipment.ofLeft({ path: `/spool/${name}`, name, bytes: 10 }, CONTEXT));
    }
  }

  function entry(name: string): WaitingShipment {
    const found = queue.entries.find(({ shipment }) => shipment.archive.name === name);
    return found ?? expect.fail(`${name} is not an entry`);
  }

  function names(): string[] {
    return queue.entries.map(({ shipment }) => shipment.archive.name);
  }

  /** Ends the turn of a shipment, after the queue has been given its outcome. */
  async function finish(
    name: string,
    outcome: (waiting: WaitingShipment) => void = (waiting) => queue.remove(waiting),
  ): Promise<void> {
    outcome(entry(name));
    end.get(name)?.();
    await turns(1);
  }

  const failing = (error: unknown) => (waiting: WaitingShipment) => queue.fail(waiting, error);

  describe('entries and bytes', () => {
    it('are those of the shipments that are not finished, the oldest first', async () => {
      add('a', 'b', 'c');
      expect([names(), queue.bytes]).to.deep.equal([['a', 'b', 'c'], 30]);
      await finish('a');
      expect([names(), queue.bytes]).to.deep.equal([['b', 'c'], 20]);
    });

    it('stay the same when a shipment is removed twice', () => {
      add('a', 'b');
      const removed = entry('b');
      queue.remove(removed);
      queue.remove(removed);
      expect([names(), queue.bytes]).to.deep.equal([['a'], 10]);
    });
  });

  describe('the order of turns', () => {
    it('gives the next turn when the one before has ended, the oldest shipment first', async () => {
      add('a', 'b', 'c');
      expect(given).to.deep.equal(['a']);
      await finish('a');
      expect(given).to.deep.equal(['a', 'b']);
      await finish('b');
      expect(given).to.deep.equal(['a', 'b', 'c']);
    });

    it('gives as many turns at the same time as `concurrency` allows', async () => {
      create(3);
      add('a', 'b', 'c', 'd', 'e');
      expect(given).to.deep.equal(['a', 'b', 'c']);
      await finish('b');
      expect(given).to.deep.equal(['a', 'b', 'c', 'd']);
    });

    it('prefers a shipment with fewer failures to an older one', async () => {
      create(2);
      add('a', 'b');
      await finish('b', failing(storeError(true)));
      clock.advance(FIRST_DELAY_MS);
      expect(given).to.deep.equal(['a', 'b', 'b']);
      await finish('b', failing(storeError(true)));
      add('c', 'd');
      expect(given).to.deep.equal(['a', 'b', 'b', 'c']);
      clock.advance(2 * FIRST_DELAY_MS);
      await finish('c');
      expect(given).to.deep.equal(['a', 'b', 'b', 'c', 'd']);
      await finish('d');
      expect(given).to.deep.equal(['a', 'b', 'b', 'c', 'd', 'b']);
    });

    it('gives another turn at once to a shipment that neither finished nor failed', async () => {
      add('a');
      await finish('a', () => {});
      expect([given, clock.pendingTimers]).to.deep.equal([['a', 'a'], 0]);
    });
  });

  describe('fail', () => {
    it('notes the error and how often the shipment failed', async () => {
      const error = storeError(true);
      add('a');
      expect(entry('a')).to.include({ failures: 0, error: undefined, isStuck: false });
      await finish('a', failing(error));
      expect(entry('a')).to.include({ failures: 1, error, isStuck: false, state: 'paused' });
    });

    it('pauses for at most 200 ms, and up to twice as long after each failure', async () => {
      add('a');
      for (const [i, delayMs] of [200, 400, 800, 1600].entries()) {
        await finish('a', failing(storeError(true)));
        expect([given.length, clock.pendingTimers]).to.deep.equal([i + 1, 1]);
        clock.advance(delayMs);
        expect(given).to.have.length(i + 2);
      }
    });

    it('never waits longer than 30 s, however often the shipment failed', async () => {
      add('a');
      for (let i = 0; i < 100; i++) {
        await finish('a', failing(storeError(true)));
        clock.advance(LONGEST_DELAY_MS);
      }
      expect(given).to.have.length(101);
    });

    const failures: readonly (readonly [what: string, error: unknown, isStuck: boolean])[] = [
      ['a transient failure of the store', storeError(true), false],
      ['an unknown refusal of the store', storeError(false), false],
      ['a refusal that is most likely permanent', storeError(false, 'AccessDenied'), false],
      ['a full disk', systemError('ENOSPC', 'open'), false],
      ['a file that may not be read', systemError('EACCES', 'open'), false],
      ['an error of unknown kind', new Error('odd'), false],
      ['a misuse', new TypeError('odd'), true],
      ['a taken key', new ArchiveError('ERR_KEY_TAKEN', 'taken'), true],
    ];
    for (const [what, error, isStuck] of failures) {
      it(`calls a shipment ${isStuck ? 'stuck' : 'not stuck'} after ${what}`, async () => {
        add('a');
        await finish('a', failing(error));
        expect(entry('a').isStuck).to.equal(isStuck);
      });
    }

    it('calls a shipment stuck after six doubtful failures in a row', async () => {
      const refusal = storeError(false, 'AccessDenied');
      const stuck: boolean[] = [];
      add('a');
      for (const error of [refusal, storeError(true), ...Array(6).fill(refusal)]) {
        await finish('a', failing(error));
        stuck.push(entry('a').isStuck);
        clock.advance(LONGEST_DELAY_MS);
      }
      expect(stuck).to.deep.equal([false, false, false, false, false, false, false, true]);
    });

    it('gives a stuck shipment its next turn after exactly 30 s', async () => {
      add('a');
      await finish('a', failing(FINAL));
      clock.advance(STUCK_DELAY_MS - 1);
      expect(given).to.deep.equal(['a']);
      clock.advance(1);
      expect(given).to.deep.equal(['a', 'a']);
    });

    it('lets other shipments have their turns during the pause', async () => {
      add('a', 'b');
      await finish('a', failing(storeError(false)));
      expect(given).to.deep.equal(['a', 'b']);
    });
  });

  it('yield gives another turn after one second, and is not a failure', async () => {
    add('a');
    await finish('a', (waiting) => queue.yield(waiting));
    expect(entry('a')).to.include({ failures: 0, state: 'paused' });
    clock.advance(SECOND_MS - 1);
    expect(given).to.deep.equal(['a']);
    clock.advance(1);
    expect(given).to.deep.equal(['a', 'a']);
  });

  describe('takeOldest', () => {
    const any = () => true;

    it('takes the oldest shipment that fits and does not have its turn', () => {
      add('a', 'b', 'c');
      const taken = queue.takeOldest(({ shipment }) => shipment.archive.name !== 'b');
      expect(taken).to.equal(entry('c'));
      expect(names()).to.deep.equal(['a', 'b', 'c']);
    });

    it('finds nothing where all have their turns, are taken, or do not fit', () => {
      expect(queue.takeOldest(any)).to.equal(undefined);
      add('a', 'b');
      expect(queue.takeOldest(() => false)).to.equal(undefined);
      expect(queue.takeOldest(any)).to.equal(entry('b'));
      expect(queue.takeOldest(any)).to.equal(undefined);
    });

    it('gives no turn to a shipment that is taken', async () => {
      add('a', 'b', 'c');
      queue.takeOldest(any);
      await finish('a');
      expect(given).to.deep.equal(['a', 'c']);
    });

    it('takes a shipment out of its pause', async () => {
      add('a');
      await finish('a', failing(storeError(true)));
      expect(queue.takeOldest(any)).to.equal(entry('a'));
      clock.advance(FIRST_DELAY_MS);
      expect(given).to.deep.equal(['a']);
    });

    it('ends the pause before: after another failure only the new one counts', async () => {
      add('a');
      await finish('a', failing(FINAL));
      clock.advance(STUCK_DELAY_MS - 1);
      const taken = queue.takeOldest(any) ?? expect.fail('nothing was taken');
      queue.fail(taken, FINAL);
      expect(clock.pendingTimers).to.equal(1);
      clock.advance(STUCK_DELAY_MS - 1);
      expect(given).to.deep.equal(['a']);
      clock.advance(1);
      expect(given).to.deep.equal(['a', 'a']);
    });

    it('gives turns again to a shipment that its taker lets fail', () => {
      add('a', 'b');
      const taken = queue.takeOldest(any) ?? expect.fail('nothing was taken');
      queue.fail(taken, storeError(true));
      queue.remove(entry('a'));
      clock.advance(FIRST_DELAY_MS);
      expect(taken).to.include({ state: 'waiting', failures: 1 });
    });
  });

  describe('stop', () => {
    it('settles when the turns under way have ended, and gives no others', async () => {
      create(2);
      add('a', 'b', 'c');
      let hasStopped = false;
      const stopping = queue.stop().then(() => {
        hasStopped = true;
      });
      await finish('a');
      expect([hasStopped, queue.isStopped]).to.deep.equal([false, true]);
      await finish('b');
      await stopping;
      expect([given, names()]).to.deep.equal([['a', 'b'], ['c']]);
    });

    it('cancels all pauses, and begins none afterwards', async () => {
      create(2);
      add('a', 'b');
      await finish('a', failing(storeError(true)));
      const stopping = queue.stop();
      expect(clock.pendingTimers).to.equal(0);
      await finish('b', failing(storeError(true)));
      await stopping;
      expect([clock.pendingTimers, given]).to.deep.equal([0, ['a', 'b']]);
    });
  });

  describe('changed', () => {
    let changes: number;

    beforeEach(() => {
      changes = 0;
    });

    function watch(): void {
      void queue.changed().then(() => changes++);
    }

    it('settles when a shipment is added, when a turn ends, and at `notify`', async () => {
      watch();
      add('a');
      await turns(1);
      expect(changes).to.equal(1);
      watch();
      await turns(1);
      expect(changes).to.equal(1);
      await finish('a');
      expect(changes).to.equal(2);
      watch();
      queue.notify();
      await turns(1);
      expect(changes).to.equal(3);
    });

    it('settles after the entries show the outcome of the turn', async () => {
      add('a');
      const seen = queue.changed().then(names);
      await finish('a');
      expect(await seen).to.deep.equal([]);
    });
  });
});

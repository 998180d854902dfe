import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import { DeliveryError } from '../../../lib/errors/delivery-error.js';
import { RecordError } from '../../../lib/errors/record-error.js';
import { Destination } from '../../../lib/exporting/destinations/destination.js';
import {
  type DestinationOptions,
  parseDestinationOptions,
} from '../../../lib/exporting/destinations/destination-options.js';
import type {
  MessageSender,
  SendResult,
} from '../../../lib/exporting/destinations/message-sender.js';
import type { ArchiveRecord } from '../../../lib/index.js';
import { createArchiveReader, createArchiveWriter, readCursorFile } from '../../../lib/index.js';
import { settle } from '../../streams/stream-tools.js';
import { FakeClock } from '../../support/fake-clock.js';
import { TemporaryDirectories } from '../../support/series.js';
import { rejection } from '../../support/store-tools.js';
import { until } from '../../support/until.js';

/** Answers each batch as the spec says. */
class ScriptedSender implements MessageSender<string> {
  readonly batches: string[][] = [];
  readonly #waiting: ((result: SendResult) => void)[] = [];
  isOpen = false;

  async open(): Promise<void> {
    this.isOpen = true;
  }

  toMessage({ payload }: { readonly payload: Buffer }): string {
    const text = payload.toString();
    if (text === 'odd') throw new RecordError('payload', 'is odd');
    return text;
  }

  send(messages: readonly string[], signal: AbortSignal): Promise<SendResult> {
    this.batches.push([...messages]);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => resolve({ confirmed: 0 }));
    });
  }

  async close(): Promise<void> {
    this.isOpen = false;
  }

  /** Answers the batch in flight. @param confirmed how many; all by default */
  async answer(confirmed?: number, failure?: DeliveryError, retryAfterMs?: number): Promise<void> {
    const all = this.batches.at(-1)?.length ?? 0;
    this.#waiting.shift()?.({ confirmed: confirmed ?? all, failure, retryAfterMs });
    await settle();
  }
}

function failure(transient: boolean): DeliveryError {
  return new DeliveryError({ target: 'there', problem: 'it is full', transient });
}

describe('Destination', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  function create(options: DestinationOptions = {}) {
    const clock = new FakeClock();
    const sender = new ScriptedSender();
    const settings = parseDestinationOptions({ clock, ...options });
    return { clock, sender, destination: new Destination(sender, settings) };
  }

  async function read(payloads: readonly string[]): Promise<ArchiveRecord[]> {
    const directory = await temporary.make();
    const writer = createArchiveWriter({ directory });
    for (const payload of payloads) writer.write(payload);
    await writer.close();
    return await createArchiveReader(directory).toArray();
  }

  it('sends the first record at once, and what comes meanwhile in the next batch', async () => {
    const { destination, sender } = create();
    for (const payload of ['a', 'b', 'c']) destination.write(payload);
    await settle();
    expect(sender.batches).to.deep.equal([['a']]);
    expect(destination.stats()).to.deep.equal({ records: 0, bytes: 0, pending: 3, retries: 0 });
    await sender.answer();
    expect(sender.batches).to.deep.equal([['a'], ['b', 'c']]);
    let isFinished = false;
    destination.end(() => {
      isFinished = true;
    });
    await settle();
    expect(isFinished).to.equal(false);
    await sender.answer();
    await finished(destination);
    expect(destination.stats()).to.deep.equal({ records: 3, bytes: 3, pending: 0, retries: 0 });
    expect([isFinished, sender.isOpen]).to.deep.equal([true, false]);
  });

  it('takes no more than twice what may be in flight, in records and in bytes', async () => {
    for (const options of [{ maxInFlight: 10 }, { maxInFlightBytes: 10 }]) {
      const { destination, sender } = create(options);
      let given = 0;
      const source = new Readable({
        objectMode: true,
        highWaterMark: 1,
        read() {
          this.push(String(given++ % 10));
        },
      });
      source.pipe(destination);
      await settle();
      await sender.answer();
      expect(sender.batches.map(({ length }) => length)).to.deep.equal([1, 10]);
      // Node's own buffers hold a few more.
      expect(given).to.be.within(20, 45);
      source.destroy();
      destination.destroy();
      await finished(destination).catch(() => undefined);
    }
  });

  it('sends again what was not confirmed, after a delay that grows', async () => {
    const { clock, destination, sender } = create({ maxInFlight: 3 });
    const retries: number[] = [];
    const delays: number[] = [];
    destination.on('retry', ({ failures, delayMs }) => {
      retries.push(failures);
      delays.push(delayMs);
    });
    const confirmed: number[] = [];
    destination.on('confirmed', ({ records }) => confirmed.push(records));
    for (const payload of ['a', 'b', 'c', 'd']) destination.write(payload);
    await settle();
    await sender.answer();
    await sender.answer(1, failure(true));
    clock.advance(200);
    await settle();
    await sender.answer(0, failure(true));
    clock.advance(400);
    await settle();
    await sender.answer();
    destination.end();
    await finished(destination);
    expect(sender.batches).to.deep.equal([['a'], ['b', 'c', 'd'], ['c', 'd'], ['c', 'd']]);
    expect([retries, confirmed]).to.deep.equal([
      [1, 2],
      [1, 2, 4],
    ]);
    expect(delays[0]).to.be.within(0, 200);
    expect(delays[1]).to.be.within(0, 400);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('waits as long as the destination says, and gives up after `retryFor`', async () => {
    const { clock, destination, sender } = create({ retryFor: '10s' });
    const failed = rejection(finished(destination));
    destination.write('a');
    await settle();
    await sender.answer(0, failure(true), 9000);
    clock.advance(8999);
    await settle();
    expect(sender.batches).to.have.length(1);
    clock.advance(1);
    await settle();
    expect(sender.batches).to.have.length(2);
    await sender.answer(0, failure(true), 2000);
    const error = await failed;
    expect(error).to.be.instanceOf(DeliveryError);
    expect(error).to.have.property(
      'message',
      'cannot deliver to there: it is full; given up after it failed 2 times in 10000 ms',
    );
    expect(sender.isOpen).to.equal(false);
  });

  it('ends at once with a failure that will not pass', async () => {
    const { destination, sender } = create();
    const failed = rejection(finished(destination));
    destination.write('a');
    await settle();
    const given = failure(false);
    await sender.answer(0, given);
    expect(await failed).to.equal(given);
  });

  it('confirms the records before one that no message can hold, then ends', async () => {
    const { destination, sender } = create();
    const failed = rejection(finished(destination));
    for (const payload of ['a', 'b', 'odd', 'c']) destination.write(payload);
    await settle();
    await sender.answer();
    await sender.answer();
    expect(await failed).to.be.instanceOf(RecordError);
    expect(sender.batches).to.deep.equal([['a'], ['b']]);
    expect(destination.stats().records).to.equal(2);
  });

  it('keeps the position of what is confirmed in a file, from which a reader continues', async () => {
    const records = await read(['a', 'b', 'c', 'd']);
    const directory = await temporary.make();
    const cursorFile = join(directory, 'position');
    expect(await readCursorFile(cursorFile)).to.equal(undefined);
    const { clock, destination, sender } = create({ cursorFile });
    for (const record of records) destination.write(record);
    await settle();
    await until(() => sender.batches.length > 0);
    await sender.answer();
    expect(await readCursorFile(cursorFile)).to.equal(undefined);
    clock.advance(1000);
    await until(async () => (await readCursorFile(cursorFile)) === records[0]?.cursor);
    await sender.answer(2, failure(true));
    destination.destroy();
    await rejection(finished(destination));
    expect(await readFile(cursorFile, 'utf8')).to.equal(`${records[2]?.cursor}\n`);
    expect(destination.cursor).to.equal(records[2]?.cursor);
    expect(await readCursorFile(cursorFile)).to.equal(destination.cursor);
  });

  it('awaits `onConfirmed`, and ends with its rejection', async () => {
    const records = await read(['a', 'b']);
    const calls: unknown[] = [];
    const { destination, sender } = create({
      onConfirmed: async (confirmed) => {
        calls.push(confirmed);
        if (calls.length > 1) throw new Error('the database is away');
      },
    });
    const failed = rejection(finished(destination));
    for (const record of records) destination.write(record);
    await settle();
    await sender.answer();
    await sender.answer();
    expect(await failed).to.have.property('message', 'the database is away');
    expect(calls).to.deep.equal(
      records.map(({ cursor }, number) => ({ records: number + 1, cursor })),
    );
  });

  it('refuses to keep the position of records that have none, or in a missing directory', async () => {
    const directory = await temporary.make();
    const { destination } = create({ cursorFile: join(directory, 'position') });
    const failed = await rejection(pipeline(Readable.from(['a']), destination));
    expect(failed).to.be.instanceOf(RecordError).with.property('field', 'cursor');
    const elsewhere = create({ cursorFile: join(directory, 'missing', 'position') });
    const missing = await rejection(pipeline(Readable.from(['a']), elsewhere.destination));
    expect(missing).to.have.property('code', 'ENOENT');
    expect(elsewhere.sender.batches).to.deep.equal([]);
  });

  it('is released when it is destroyed, while it sends and while it waits', async () => {
    for (const isWaiting of [false, true]) {
      const { clock, destination, sender } = create();
      destination.write('a');
      await settle();
      if (isWaiting) await sender.answer(0, failure(true));
      destination.destroy();
      await rejection(finished(destination));
      expect([sender.isOpen, clock.pendingTimers]).to.deep.equal([false, 0]);
    }
  });

  for (const options of [
    { maxInFlight: 0 },
    { maxInFlight: 1.5 },
    { maxInFlightBytes: 0 },
    { retryFor: 'long' },
  ]) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => parseDestinationOptions(options)).to.throw(RangeError, Object.keys(options)[0]);
    });
  }
});

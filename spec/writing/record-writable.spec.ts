import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'chai';

import { RecordError } from '../../lib/errors/record-error.js';
import type { Receipt } from '../../lib/writing/receipts/receipt.js';
import type { RollingWriteOptions } from '../../lib/writing/rolling-write-options.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';
import { FakeClock } from '../support/fake-clock.js';
import { outcomeOf, payloadsOf, wholeArchives } from '../support/writer-tools.js';

describe('RollingWriteStream, of a record that nothing waits before', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'shoebox-records-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const create = (options: Partial<RollingWriteOptions> = {}) =>
    new RollingWriteStream({ directory, clock: new FakeClock(), ...options });

  /** A record that does something while its payload is read. */
  const recordThat = (payload: string, act: () => unknown) => ({
    get payload() {
      act();
      return payload;
    },
  });

  it('takes it at once', async () => {
    const writer = create();
    expect(writer.write('a')).to.equal(true);
    expect(writer.stats()).to.include({ records: 1, pendingRecords: 0 });
    await writer.close();
  });

  it('leaves it in the queue of a stream that is corked', async () => {
    const writer = create();
    writer.cork();
    writer.write('a');
    expect(writer.stats()).to.include({ records: 0, pendingRecords: 1 });
    writer.uncork();
    expect(writer.stats()).to.include({ records: 1, pendingRecords: 0 });
    await writer.close();
  });

  it('calls back who asked for it, later', async () => {
    const writer = create();
    const steps: string[] = [];
    const calledBack = new Promise<void>((resolve) => {
      writer.write('a', () => {
        steps.push('called back');
        resolve();
      });
    });
    steps.push('written');
    await calledBack;
    expect(steps).to.deep.equal(['written', 'called back']);
    await writer.close();
  });

  it('takes what its getters write behind it', async () => {
    const writer = create();
    writer.write(recordThat('a', () => writer.write('b')));
    writer.write('c');
    await writer.close();
    expect(await payloadsOf(directory)).to.deep.equal(['a', 'b', 'c']);
  });

  it('takes what its getters append behind it, and tells each receipt the truth', async () => {
    const writer = create();
    const inner: Receipt[] = [];
    const outer = writer.append(recordThat('a', () => inner.push(writer.append('b'))));
    await writer.close();
    expect(await payloadsOf(directory)).to.deep.equal(['a', 'b']);
    const places = await Promise.all([outer, ...inner].map(({ written }) => written));
    expect(places.map(({ sequence }) => sequence)).to.deep.equal([0, 1]);
  });

  it('takes what the getters of one that is none have written', async () => {
    const writer = create({ invalid: 'skip' });
    writer.write({
      get payload() {
        writer.write('a');
        return undefined as unknown as string;
      },
    });
    await writer.close();
    expect(await payloadsOf(directory)).to.deep.equal(['a']);
  });

  const ends: [what: string, end: (writer: RollingWriteStream) => unknown][] = [
    ['roll', (writer) => writer.roll()],
    ['end', (writer) => writer.end()],
    ['destroy', (writer) => writer.destroy()],
  ];
  for (const [what, end] of ends) {
    it(`leaves whole archives where its getters ${what} the stream`, async () => {
      const writer = create();
      const outcome = outcomeOf(writer);
      writer.write('a');
      writer.write(recordThat('b', () => end(writer)));
      writer.end();
      await outcome;
      const payloads = (await wholeArchives(directory)).flatMap((archive) => archive.payloads);
      expect(payloads.slice(0, 1)).to.deep.equal(['a']);
      expect(payloads).to.have.length(writer.stats().records);
    });
  }

  it('tells of one that is none once, by the error of the stream', async () => {
    const writer = create();
    const errors: unknown[] = [];
    writer.on('error', (error) => errors.push(error));
    const outcome = outcomeOf(writer);
    writer.write('a');
    writer.write(7 as unknown as string);
    expect(await outcome).to.be.instanceOf(RecordError);
    expect(errors).to.have.length(1);
    expect(await payloadsOf(directory)).to.deep.equal(['a']);
  });

  it('looks at one that is none once', async () => {
    const writer = create();
    const outcome = outcomeOf(writer);
    let looks = 0;
    writer.write({
      get payload() {
        looks++;
        return undefined as unknown as string;
      },
    });
    expect(await outcome).to.be.instanceOf(RecordError);
    expect(looks).to.equal(1);
  });

  it('throws what Node throws of null', async () => {
    const writer = create();
    expect(() => writer.write(null as unknown as string))
      .to.throw()
      .with.property('code', 'ERR_STREAM_NULL_VALUES');
    await writer.close();
  });
});

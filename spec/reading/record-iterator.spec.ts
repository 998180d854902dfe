import { expect } from 'chai';

import { ArchiveRecord, createOrigin } from '../../lib/codec/records/archive-record.js';
import { RecordIterator } from '../../lib/reading/record-iterator.js';
import { rejection } from '../support/store-tools.js';

/** A record with nothing but a sequence. */
function recordOf(sequence: number): ArchiveRecord {
  const layout = { decode: () => ({}), pairs: () => [] };
  const span = { metadataStart: 0, metadataEnd: 0, payloadStart: 0, payloadEnd: 0 };
  const origin = createOrigin(undefined, undefined, layout);
  return new ArchiveRecord(origin, Buffer.alloc(0), span, sequence);
}

describe('RecordIterator', () => {
  let events: string[];

  beforeEach(() => {
    events = [];
  });

  async function* batchesOf(sizes: readonly number[]) {
    let sequence = 0;
    try {
      for (const size of sizes) yield Array.from({ length: size }, () => recordOf(sequence++));
    } finally {
      events.push('ended');
    }
  }

  function create(...sizes: number[]): RecordIterator {
    return new RecordIterator(batchesOf(sizes), () => events.push('left'));
  }

  async function sequencesOf(records: AsyncIterable<ArchiveRecord>): Promise<unknown[]> {
    const sequences: unknown[] = [];
    for await (const { sequence } of records) sequences.push(sequence);
    return sequences;
  }

  it('returns the records of all batches, even if some are empty', async () => {
    const records = create(2, 0, 1, 0, 0, 3, 0);
    expect(await sequencesOf(records)).to.deep.equal([0, 1, 2, 3, 4, 5]);
    expect(events).to.deep.equal(['ended']);
    expect(await records.next()).to.deep.equal({ value: undefined, done: true });
  });

  it('answers calls in their order, however many wait', async () => {
    const records = create(1, 3, 2);
    const answered: number[] = [];
    const calls = Array.from({ length: 8 }, async (_, i) => {
      const { value } = await records.next();
      answered.push(i);
      return value?.sequence;
    });
    // This call comes as soon as there is a batch, while earlier calls still wait for theirs.
    const late = calls[1]?.then(async () => (await records.next()).value?.sequence);
    expect(await Promise.all(calls)).to.deep.equal([0, 1, 2, 3, 4, 5, undefined, undefined]);
    expect(await late).to.equal(undefined);
    expect(answered).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('returns the records before an error, then throws the error, then ends', async () => {
    async function* failing(): AsyncGenerator<ArchiveRecord[], void, undefined> {
      yield [recordOf(0)];
      throw new Error('damaged');
    }
    const records = new RecordIterator(failing(), () => undefined);
    expect((await records.next()).value?.sequence).to.equal(0);
    const failure = rejection(records.next());
    const later = records.next();
    expect(await failure).to.have.property('message', 'damaged');
    expect(await later).to.deep.equal({ value: undefined, done: true });
  });

  it('closes the batches when a loop breaks off, and returns no more records', async () => {
    const records = create(3, 3);
    for await (const _ of records) break;
    expect(events).to.deep.equal(['left', 'ended']);
    expect(await records.next()).to.deep.equal({ value: undefined, done: true });
  });

  it('continues with the next batch after one was dropped', async () => {
    const records = create(3, 2);
    await records.next();
    records.drop();
    expect(await sequencesOf(records)).to.deep.equal([3, 4]);
  });
});

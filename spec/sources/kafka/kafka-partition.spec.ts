import { expect } from 'chai';

import type {
  LostPositions,
  SeriesIntake,
  SourceSeries,
} from '../../../lib/sources/contract/record-source.js';
import type { KafkaBatchPayload } from '../../../lib/sources/kafka/kafka-client.js';
import { KafkaPartition } from '../../../lib/sources/kafka/kafka-partition.js';
import { range } from '../../support/list-source.js';

const SERIES: SourceSeries = { path: 't/0', options: { createDirectory: true } };

/** A fake of KafkaJS: the messages that it fetched, and the calls that it got. */
describe('KafkaPartition', () => {
  let taken: number[];
  let calls: string[];
  let lost: LostPositions[];
  let low: number;
  let hasRoom: () => boolean;
  let partition: KafkaPartition;
  let isStale: boolean;

  const intake: SeriesIntake = {
    take(position) {
      taken.push(position);
      return hasRoom();
    },
    ready: () => (hasRoom() ? Promise.resolve() : new Promise(() => {})),
    findArchived: () => Promise.resolve({ record: undefined, end: undefined }),
    release: () => void calls.push('release'),
  };

  beforeEach(async () => {
    [taken, calls, lost, low, isStale] = [[], [], [], 0, false];
    hasRoom = () => true;
    partition = create();
    await partition.open(
      { open: () => Promise.resolve(intake), fail: () => {} },
      { committed: undefined, committedBy: undefined, low: 0, high: 100 },
    );
  });

  function create(): KafkaPartition {
    return new KafkaPartition({
      ...{ topic: 't', partition: 0, series: SERIES, holder: 'a' },
      readLowWatermark: () => Promise.resolve(low),
      onLost: (positions) => lost.push(positions),
    });
  }

  /** Gives a batch with these offsets, which was fetched from an offset. */
  async function give(offsets: readonly number[], fetched = offsets[0] ?? 0) {
    const messages = offsets.map((offset) => ({
      ...{ key: null, value: Buffer.from('a'), timestamp: '0', offset: String(offset) },
    }));
    const payload: KafkaBatchPayload = {
      batch: {
        ...{ topic: 't', partition: 0, messages, fetchedOffset: String(fetched) },
        lastOffset: () => messages.at(-1)?.offset ?? '-1',
      },
      resolveOffset: (offset) => void calls.push(`resolve ${offset}`),
      heartbeat: () => Promise.resolve(),
      pause() {
        calls.push('pause');
        return () => void calls.push('resume');
      },
      isRunning: () => true,
      isStale: () => isStale,
    };
    await partition.take(payload);
  }

  it('reports as lost only what no archive has', async () => {
    const resume = { committed: 20, committedBy: 'a', low: 0, high: 100 };
    const reported = async (endOfAll: number | undefined) => {
      lost = [];
      await create().open(
        {
          open: async () => ({
            ...intake,
            async findArchived(_, { among = 'latest' } = {}) {
              const end = among === 'all' ? endOfAll : 5;
              return end === undefined ? undefined : { record: undefined, end };
            },
          }),
          fail: () => {},
        },
        resume,
      );
      return lost;
    };
    expect(await reported(20)).to.deep.equal([]);
    expect(await reported(undefined)).to.deep.equal([]);
    const range = { from: 7, to: 20 };
    expect(await reported(7)).to.deep.equal([{ series: 't/0', ...range, reason: 'spool' }]);
  });

  it('takes all records of a batch, and resolves the last', async () => {
    await give(range(0, 10));
    expect(taken).to.deep.equal(range(0, 10));
    expect(calls).to.deep.equal(['resolve 9']);
  });

  it('reports what has expired since the last batch', async () => {
    await give(range(0, 10));
    low = 15;
    await give(range(15, 20));
    expect(lost).to.deep.equal([{ series: 't/0', from: 10, to: 15, reason: 'expired' }]);
  });

  it('reports no gap of compaction or of a transaction', async () => {
    await give(range(0, 10));
    await give([12, 14, 18], 10);
    // The client has passed over a batch of control records.
    await give(range(20, 25), 20);
    expect(lost).to.deep.equal([]);
  });

  it('expects nothing of the first batch after a rebalance', async () => {
    await give(range(0, 10));
    partition.rejoin();
    low = 15;
    await give(range(30, 40));
    expect(lost).to.deep.equal([]);
  });

  it('pauses while there is no room, and has the rest fetched again', async () => {
    hasRoom = () => taken.length < 4;
    await give(range(0, 10));
    expect(taken).to.deep.equal(range(0, 4));
    expect(calls).to.deep.equal(['pause', 'resolve 3']);
  });

  it('resolves nothing of a batch during which the partition moved away', async () => {
    hasRoom = () => {
      const isLast = taken.length === 4;
      if (isLast && calls.length === 0) partition.release();
      return !isLast;
    };
    await give(range(0, 10));
    expect(calls).to.deep.equal(['release']);
  });

  it('takes nothing of a stale batch, and nothing once it is stopped', async () => {
    isStale = true;
    await give(range(0, 10));
    isStale = false;
    partition.stop();
    await give(range(0, 10));
    expect(taken).to.deep.equal([]);
    expect(calls).to.deep.equal(['pause']);
  });
});

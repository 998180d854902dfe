import { expect } from 'chai';

import type { KafkaConsumer, KafkaOffset } from '../../../lib/sources/kafka/kafka-client.js';
import { OffsetCommitter } from '../../../lib/sources/kafka/offset-committer.js';

const EVENTS = { GROUP_JOIN: 'join', COMMIT_OFFSETS: 'commit', CRASH: 'crash' };

describe('OffsetCommitter', () => {
  const rebalancing = () => Object.assign(new Error('moves'), { type: 'REBALANCE_IN_PROGRESS' });
  const denied = () => Object.assign(new Error('denied'), { type: 'GROUP_AUTHORIZATION_FAILED' });

  function create(commit: (offsets: KafkaOffset[]) => Promise<unknown>, hasEvents = false) {
    const requests: string[][] = [];
    const failures: unknown[] = [];
    // Only what a committer calls of a consumer.
    const consumer = {
      ...(hasEvents && { events: EVENTS }),
      commitOffsets(offsets: KafkaOffset[]) {
        requests.push(
          offsets.map(({ offset, partition, topic }) => `${topic}/${partition} ${offset}`),
        );
        return commit(offsets);
      },
    } as Partial<KafkaConsumer> as KafkaConsumer;
    const committer = new OffsetCommitter(consumer, 'shoebox a', (error) => failures.push(error));
    const add = (offset: number, partition = 0) =>
      committer.commit([{ key: `t/${partition}`, topic: 't', partition, offset }]);
    return { add, committer, requests, failures };
  }

  it('commits all given offsets in one request', async () => {
    const { committer, requests } = create(() => Promise.resolve());
    await committer.commit([
      { key: 't/0', topic: 't', partition: 0, offset: 5 },
      { key: 't/1', topic: 't', partition: 1, offset: 7 },
    ]);
    await committer.finish();
    expect(requests).to.deep.equal([['t/0 5', 't/1 7']]);
  });

  it('tries again what a rebalance has refused, with what has come since', async () => {
    let isMoving = true;
    const { add, committer, failures, requests } = create(async () => {
      if (isMoving) throw rebalancing();
    });
    await add(5);
    await add(6);
    isMoving = false;
    await committer.finish();
    expect(failures).to.deep.equal([]);
    expect(requests.at(-1)).to.deep.equal(['t/0 6']);
  });

  it('gives up what has moved to another process', async () => {
    const { add, committer, requests } = create(() => Promise.reject(rebalancing()));
    await add(5);
    committer.forget('t/0');
    await committer.finish();
    expect(requests).to.have.length(1);
  });

  it('reports a refusal that does not pass', async () => {
    const { add, failures } = create(() => Promise.reject(denied()));
    await add(5);
    expect(String(failures[0])).to.equal('Error: denied');
  });

  it('believes a client with events only when the event comes', async () => {
    let isConfirming = false;
    const { add, committer, requests } = create(async (offsets) => {
      if (!isConfirming) return;
      for (const { offset } of offsets) committer.confirm('t/0', offset);
    }, true);
    await add(5);
    committer.confirm('t/0', '4');
    isConfirming = true;
    await committer.finish();
    expect(requests).to.deep.equal([['t/0 5'], ['t/0 5']]);
  });
});

// Archives a topic as a member of a group, until it is killed or gets SIGTERM. Arguments: the
// broker, the topic, the spool, the store, `synced` or `shipped`. Sends how many records it has taken.
import { basename, join } from 'node:path';

import { Kafka, logLevel } from 'kafkajs';

import { createArchiveWriter, rollByAge, rollBySize, rollWhenAny } from '../../lib/index.js';
import { archiveFrom, createKafkaSource } from '../../lib/sources/kafka.js';

const [broker = '', topic = '', spool = '', store = '', ack = ''] = process.argv.slice(2);
const source = createKafkaSource({
  kafka: new Kafka({
    ...{ brokers: [broker], logLevel: logLevel.NOTHING },
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 1000 },
  }),
  ...{ groupId: topic, topics: topic, holder: basename(spool) },
  consumer: {
    ...{ sessionTimeout: 1000, heartbeatInterval: 100, rebalanceTimeout: 1500 },
    ...{ maxWaitTimeInMs: 50, maxBytesPerPartition: 65_536 },
  },
  commitInterval: 50,
});
source.on('lost', (lost) => process.send?.({ lost }));
const ending = new AbortController();
process.on('SIGTERM', () => ending.abort());
process.on('disconnect', () => process.exit());
setInterval(() => process.send?.({ records: source.stats().records }), 50).unref();
try {
  await archiveFrom(
    source,
    (series) =>
      createArchiveWriter({
        directory: join(spool, series.path),
        ...series.options,
        roll: rollWhenAny(rollBySize('64 KiB'), rollByAge(200)),
        ship: { to: store, key: `${series.path}/[[NAME]]` },
      }),
    { ack: ack === 'shipped' ? 'shipped' : 'synced', signal: ending.signal },
  );
  process.exit(0);
} catch (error) {
  process.send?.({ error: String(error) });
  process.exitCode = 1;
  setTimeout(() => process.exit(1), 100);
}

// Archives a topic until it gets SIGTERM, and ships at its end. Arguments: the broker, the topic, the spool,
// the store. Sends how many records it has taken.
import { join } from 'node:path';

import { createArchiveWriter, rollNever } from '../../lib/index.js';
import { archiveFrom, createKafkaSource } from '../../lib/sources/kafka.js';
import { CONSUMER, createKafka } from './kafka.js';

const [broker = '', topic = '', spool = '', store = ''] = process.argv.slice(2);
const source = createKafkaSource({
  kafka: createKafka({ brokers: [broker] }),
  ...{ groupId: topic, topics: topic, consumer: CONSUMER, commitInterval: 50 },
});
const ending = new AbortController();
process.on('disconnect', () => process.exit());
process.on('SIGTERM', () => ending.abort());
const timer = setInterval(() => process.send?.(source.stats().records), 50);
await archiveFrom(
  source,
  (series) =>
    createArchiveWriter({
      directory: join(spool, series.path),
      ...series.options,
      roll: rollNever(),
      ship: { to: store, key: `${topic}/[[NAME]]` },
    }),
  { ack: 'shipped', signal: ending.signal },
);
clearInterval(timer);
process.exit();

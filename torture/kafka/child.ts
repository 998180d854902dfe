// Archives a topic as a member of a group. Arguments: the broker, the topic, the spool, the store,
// `synced` or `shipped`.
import { basename } from 'node:path';

import { Kafka, logLevel } from 'kafkajs';

import { createKafkaSource } from '../../lib/sources/kafka.js';
import { archiveUntilEnded } from '../brokers/archive-until-ended.js';

const [broker = '', topic = '', ...places] = process.argv.slice(2);
const source = createKafkaSource({
  kafka: new Kafka({
    ...{ brokers: [broker], logLevel: logLevel.NOTHING },
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 1000 },
  }),
  ...{ groupId: topic, topics: topic, holder: basename(places[0] ?? '') },
  consumer: {
    ...{ sessionTimeout: 1000, heartbeatInterval: 100, rebalanceTimeout: 1500 },
    ...{ maxWaitTimeInMs: 50, maxBytesPerPartition: 65_536 },
  },
  commitInterval: 50,
});
await archiveUntilEnded([source], places);

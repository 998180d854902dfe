export {
  type KafkaProducer,
  type ToKafkaOptions,
  toKafka,
} from '../exporting/destinations/to-kafka.js';
export {
  type ArchivedFrom,
  type ArchiveFromOptions,
  archiveFrom,
  type CreateSeriesWriter,
} from './archive-from.js';
export type {
  KafkaAdmin,
  KafkaClient,
  KafkaConsumer,
  KafkaConsumerOptions,
} from './kafka/kafka-client.js';
export { createKafkaSource, type KafkaSourceOptions } from './kafka/kafka-source.js';

export {
  type NatsPublishConnection,
  type ToNatsOptions,
  toNats,
} from '../exporting/destinations/to-nats.js';
export {
  type ArchivedFrom,
  type ArchiveFromOptions,
  archiveFrom,
  type CreateSeriesWriter,
} from './archive-from.js';
export type { NatsSourceConnection } from './nats/nats-client.js';
export { createNatsSource, type NatsSourceOptions } from './nats/nats-source.js';

export {
  type AmqpConfirmChannel,
  type AmqpConnection,
  type ToAmqpOptions,
  toAmqp,
} from '../exporting/destinations/to-amqp.js';
export {
  type AmqpDelivery,
  type AmqpSourceChannel,
  type AmqpSourceConnection,
  type AmqpSourceOptions,
  createAmqpSource,
} from './amqp/amqp-source.js';
export {
  type ArchivedFrom,
  type ArchiveFromOptions,
  archiveFrom,
  type CreateSeriesWriter,
} from './archive-from.js';

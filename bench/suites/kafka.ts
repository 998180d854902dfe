import type { BenchTable, Suite, ValueKind } from '../suite.js';

const CPU_OF_MESSAGE: ValueKind = { title: 'µs of CPU per message', perUnit: 1 };

/**
 * At most 0.8 of the CPU time of Spark Structured Streaming's text sink with gzip: 9.4 µs for 180 bytes,
 * 73 µs for a notification.
 */
const MOST_OF_SPARK = 0.8;

const tableOf = (input: 'small' | 'corpus', spark: number): BenchTable => ({
  title: `From Kafka to gzipped objects, ${input}`,
  input,
  rows: [
    { name: 'kafkaShoebox', title: 'archiveFrom, ship' },
    { name: 'kafkaConsumer', title: 'a consumer of kafkajs that discards everything' },
  ],
  value: CPU_OF_MESSAGE,
  processes: 'fresh',
  targets: [
    {
      what: `Kafka, ${input}: µs of CPU per message, 0.8 x Spark`,
      of: 'kafkaShoebox',
      by: 'value',
      most: MOST_OF_SPARK * spark,
    },
  ],
  isLong: true,
  mostRounds: 3,
});

export const kafkaSuite: Suite = {
  name: 'kafka',
  needs: process.env.KAFKA_BROKERS === undefined ? 'KAFKA_BROKERS' : null,
  tables: [tableOf('small', 9.4), tableOf('corpus', 73)],
};

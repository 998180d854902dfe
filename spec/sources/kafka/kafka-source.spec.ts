import { join } from 'node:path';

import { expect } from 'chai';

import {
  type ArchiveFromOptions,
  type ArchiveWriterOptions,
  createArchiveReader,
  createArchiveWriter,
} from '../../../lib/index.js';
import type { LostPositions } from '../../../lib/sources/contract/record-source.js';
import {
  archiveFrom,
  createKafkaSource,
  type KafkaSourceOptions,
} from '../../../lib/sources/kafka.js';
import { CONSUMER, KAFKA_BROKERS, KafkaTopics, NO_KAFKA } from '../../support/kafka.js';
import { range } from '../../support/list-source.js';
import { TemporaryDirectories } from '../../support/series.js';

describe('createKafkaSource, on a real broker', function () {
  this.timeout(60_000);
  const temporary = new TemporaryDirectories();
  let topics: KafkaTopics;
  let root: string;

  before(function () {
    if (KAFKA_BROKERS !== undefined) return;
    console.log(`      ${NO_KAFKA}`);
    this.skip();
  });
  beforeEach(async () => {
    topics = new KafkaTopics();
    root = await temporary.make();
  });
  afterEach(async () => {
    await topics.remove();
    await temporary.remove();
  });

  interface ArchiverOptions {
    readonly source?: Partial<KafkaSourceOptions>;
    readonly writer?: Partial<ArchiveWriterOptions>;
    readonly from?: ArchiveFromOptions;
    readonly root?: string;
  }

  /** Begins to archive topics. */
  function begin(topic: string, options: ArchiverOptions = {}) {
    const source = createKafkaSource({
      ...{ kafka: topics.kafka, groupId: topic, topics: topic, consumer: CONSUMER },
      ...{ commitInterval: 50 },
      ...options.source,
    });
    const lost: LostPositions[] = [];
    source.on('lost', (positions) => lost.push(positions));
    const ending = new AbortController();
    const archived = archiveFrom(
      source,
      (series) =>
        createArchiveWriter({
          directory: join(options.root ?? root, series.path),
          ...series.options,
          ...options.writer,
        }),
      { ...options.from, signal: ending.signal },
    );
    archived.catch(() => undefined);
    /** Settles when the group has committed an offset. */
    const committed = async (offset: number, partition = 0) => {
      for (;;) {
        const [found] = await topics.admin.fetchOffsets({ groupId: topic, topics: [topic] });
        const one = found?.partitions.find((each) => each.partition === partition);
        if (Number(one?.offset) >= offset) return;
        await Promise.race([archived, new Promise((resolve) => setTimeout(resolve, 20))]);
      }
    };
    const end = async () => {
      ending.abort();
      return await archived;
    };
    return { source, lost, committed, archived, end };
  }

  async function read(topic: string, partition = 0, directory = root): Promise<number[]> {
    const reader = createArchiveReader(join(directory, topic, String(partition)));
    const values: number[] = [];
    for await (const { payload } of reader) values.push(Number(payload.toString()));
    return values;
  }

  it('archives every message, and commits what is synced', async () => {
    const topic = await topics.make();
    await topics.sendNumbers(topic, 0, 1000);
    const { committed, end } = begin(topic);
    await committed(1000);
    await topics.sendNumbers(topic, 1000, 1100);
    await committed(1100);
    const { records } = await end();
    expect(records).to.equal(1100);
    expect(await read(topic)).to.deep.equal(range(0, 1100));
  });
});

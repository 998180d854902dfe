import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import zlib from 'node:zlib';

import { expect } from 'chai';

import { addKafkaCodecs } from '../../../lib/command/brokers/kafka-codecs.js';
import { createArchiveReader } from '../../../lib/index.js';
import { callShoebox } from '../../support/call-shoebox.js';
import { KAFKA_BROKERS, KafkaTopics, NO_KAFKA } from '../../support/kafka.js';
import { range } from '../../support/list-source.js';
import { startShoebox } from '../../support/run-shoebox.js';
import { TemporaryDirectories } from '../../support/series.js';
import { until } from '../../support/until.js';

describe('shoebox record --from', () => {
  const temporary = new TemporaryDirectories();
  let directory: string;

  beforeEach(async () => {
    directory = await temporary.make();
  });
  afterEach(() => temporary.remove());

  const KAFKA = 'kafka://127.0.0.1:9/topic';
  const misuses: [args: string[], message: RegExp][] = [
    [['--from', 'ftp://host/a'], /--from is "ftp:\/\/host\/a": expected kafka:/],
    [['--from', 'kafka://user:secret@host:x/a'], /--from: the host is "host:x"/],
    [['--from', 'kafka://host:9092'], /expected \/TOPIC/],
    [['--from', 'kafka://host:9092/a?goup=b'], /the query has "goup", expected .*group/],
    [['--from', `${KAFKA}?incarnation=0`], /incarnation is no whole number from 1/],
    [['--from', KAFKA, '--ack', 'shipped'], /--ack shipped goes with --to/],
    [['--from', KAFKA, '--input', 'lines'], /--input does not go with --from/],
    [['--from', KAFKA, '--file', 'a.log'], /--file does not go with --from/],
    [['--from', KAFKA, '--time', '.ts'], /--time does not go with --from/],
    [['--ack', 'shipped'], /--ack goes with --from/],
  ];
  for (const [args, message] of misuses) {
    it(`refuses ${args.join(' ')}`, async () => {
      const { code, stderr } = await callShoebox(['record', directory, ...args]);
      expect(code).to.equal(2);
      expect(stderr).to.match(message).and.not.include('secret');
    });
  }

  it('does not create a missing directory by itself', async () => {
    const args = ['record', join(directory, 'none'), '--from', KAFKA];
    const { code, stderr } = await callShoebox(args);
    expect(code).to.equal(1);
    expect(stderr).to.match(/none does not exist: give --create-directory/);
  });

  describe('on a real broker', function () {
    this.timeout(60_000);
    const topics = new KafkaTopics();

    before(function () {
      if (KAFKA_BROKERS !== undefined) return;
      console.log(`        ${NO_KAFKA}`);
      this.skip();
    });
    after(() => topics.remove());

    it('archives and ships a topic until it is interrupted', async () => {
      const topic = await topics.make();
      await topics.sendNumbers(topic, 0, 100);
      const from = `kafka://${KAFKA_BROKERS}/${topic}?group=${topic}`;
      const [root, store] = [join(directory, 'spool'), join(directory, 'store')];
      const options = ['--create-directory', '--to', store, '--roll', '300ms', '--ack', 'shipped'];
      const child = startShoebox(['record', root, '--from', from, ...options]);
      const printed = text(child.stderr);
      const exit = once(child, 'exit');
      const isCommitted = async () =>
        (await topics.committed(topic))[0] === 100 || child.exitCode !== null;
      await until(isCommitted, { what: 'the offset is committed', mostMs: 45_000, everyMs: 50 });
      child.kill('SIGTERM');
      expect(await exit, await printed).to.deep.equal([0, null]);
      const reader = createArchiveReader(join(store, topic, '0'));
      const values = (await reader.toArray()).map((record) => Number(record.text()));
      expect(values).to.deep.equal(range(0, 100));
    });
  });
});

describe('the codecs of compressed Kafka topics', () => {
  const codecs: Parameters<typeof addKafkaCodecs>[0] = {};
  const failures: string[] = [];
  addKafkaCodecs(codecs, (error) => failures.push(String(error)));
  const missing: [number, name: string, message: RegExp][] = [
    [2, 'snappy', /compressed with Snappy needs the package snappy, .*: npm install snappy$/],
    [3, 'lz4-napi', /compressed with LZ4 needs the package lz4-napi, .*: npm install lz4-napi$/],
  ];
  for (const [number, name, message] of missing) {
    it(`say what to install for ${name}`, async () => {
      const failure = await codecs[number]?.().decompress(Buffer.alloc(8)).catch(String);
      expect(failure).to.match(message);
      expect(failures.at(-1)).to.equal(failure);
    });
  }

  it('read zstd with Node, or say what to install', async () => {
    const compress: unknown = Reflect.get(zlib, 'zstdCompressSync');
    const bytes = typeof compress === 'function' ? compress('hello') : Buffer.alloc(8);
    const read = await codecs[4]?.().decompress(bytes).catch(String);
    if (typeof compress === 'function') expect(read?.toString()).to.equal('hello');
    else expect(read).to.match(/compressed with zstd needs the package fzstd/);
  });
});

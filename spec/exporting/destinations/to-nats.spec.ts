import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { expect } from 'chai';

import { DeliveryError } from '../../../lib/errors/delivery-error.js';
import { RecordError } from '../../../lib/errors/record-error.js';
import { toNats } from '../../../lib/exporting/destinations/to-nats.js';
import { natsMetadata } from '../../../lib/exporting/messages/nats-message.js';
import { createArchiveReader, createArchiveWriter } from '../../../lib/index.js';
import { describeWithBroker, uniqueName } from '../../support/brokers.js';
import { TemporaryDirectories } from '../../support/series.js';
import { rejection } from '../../support/store-tools.js';

describeWithBroker('toNats', 'NATS_URL', (servers) => {
  const temporary = new TemporaryDirectories();
  const streams: string[] = [];
  let connection: NatsConnection;

  before(async () => {
    connection = await connect({ servers });
  });
  after(async () => {
    const manager = await jetstreamManager(connection);
    for (const stream of streams) await manager.streams.delete(stream);
    await connection.close();
    await temporary.remove();
  });

  /** A stream that takes all subjects below its name. */
  async function createStream(): Promise<string> {
    const name = uniqueName('to');
    await (await jetstreamManager(connection)).streams.add({ name, subjects: [`${name}.>`] });
    streams.push(name);
    return name;
  }

  async function messagesOf(stream: string) {
    const manager = await jetstreamManager(connection);
    const { state } = await manager.streams.info(stream);
    const found: { subject: string; headers: [string, string[]][]; data: string }[] = [];
    for (let seq = state.first_seq; seq <= state.last_seq && seq > 0; seq++) {
      const message = await manager.streams.getMessage(stream, { seq });
      if (message === null) continue;
      const { data, header, subject } = message;
      found.push({ subject, headers: [...header], data: Buffer.from(data).toString('latin1') });
    }
    return found;
  }

  it('publishes records in their order, with their metadata as headers', async () => {
    const stream = await createStream();
    const records = Array.from({ length: 2500 }, (_, n) => ({
      payload: Buffer.from([0xff, n % 256]),
      metadata: { n: String(n), 'gr ü': '✓' },
    }));
    const destination = toNats({ connection, subject: `${stream}.a`, maxInFlight: 200 });
    await pipeline(Readable.from(records), destination);
    const found = await messagesOf(stream);
    expect(found.map(({ headers: [[, [n = '']] = ['', []]] }) => Number(n))).to.deep.equal(
      records.map((_, n) => n),
    );
    expect(found[1]).to.deep.equal({
      subject: `${stream}.a`,
      headers: [
        ['n', ['1']],
        ['gr%20%C3%BC', ['✓']],
      ],
      data: '\xff\x01',
    });
  });

  it('gives back messages that were archived from NATS', async () => {
    const [from, to] = [await createStream(), await createStream()];
    const given = headers();
    given.append('Trace', '1');
    given.append('Trace', '2');
    given.append('a.1', 'x');
    const js = jetstream(connection);
    await js.publish(`${from}.one.two`, 'first', { headers: given });
    await js.publish(`${from}.three`);
    const before = await messagesOf(from);
    const records = before.map(({ data, headers: pairs, subject }) => ({
      payload: data,
      metadata: natsMetadata(subject.replace(from, to), pairs),
    }));
    await pipeline(Readable.from(records), toNats({ connection }));
    const after = await messagesOf(to);
    expect(after).to.deep.equal(
      before.map((message) => ({ ...message, subject: message.subject.replace(from, to) })),
    );
  });

  it('lets the server drop what was sent before, with `deduplicate`', async () => {
    const stream = await createStream();
    const directory = await temporary.make();
    const writer = createArchiveWriter({ directory });
    for (const payload of ['a', 'b']) writer.write(payload);
    await writer.close();
    for (let time = 0; time < 2; time++) {
      const destination = toNats({ connection, subject: `${stream}.a`, deduplicate: true });
      await pipeline(createArchiveReader(directory), destination);
      expect(destination.stats().records).to.equal(2);
    }
    expect(await messagesOf(stream)).to.have.length(2);
    const plain = toNats({ connection, subject: `${stream}.a`, deduplicate: true });
    expect(await rejection(pipeline(Readable.from(['a']), plain))).to.be.instanceOf(RecordError);
  });

  it('says that no stream takes the subject, or what the stream refuses', async () => {
    const subject = uniqueName('none');
    const error = await rejection(
      pipeline(Readable.from(['a']), toNats({ connection, subject, retryFor: 0 })),
    );
    expect(error).to.be.instanceOf(DeliveryError).with.property('transient', true);
    expect(String(error)).to.include(`NATS subject ${subject}: no stream takes this subject`);
    const stream = await createStream();
    const manager = await jetstreamManager(connection);
    await manager.streams.update(stream, { max_msg_size: 10 });
    const refused = toNats({ connection, subject: `${stream}.a` });
    const large = await rejection(pipeline(Readable.from(['x'.repeat(100)]), refused));
    expect(large).to.include({ destinationCode: '400', transient: false });
    expect(String(large)).to.include('message size exceeds maximum allowed');
  });

  it('sends no command to the server, and wants a subject', async () => {
    for (const metadata of [natsMetadata('$JS.API.STREAM.NAMES', []), {}]) {
      const error = await rejection(
        pipeline(Readable.from([{ payload: '{}', metadata }]), toNats({ connection })),
      );
      expect(error)
        .to.be.instanceOf(RecordError)
        .with.property('field', 'metadata["nats.subject"]');
    }
  });

  it('ends when the connection is closed', async () => {
    const other = await connect({ servers });
    await other.close();
    const destination = toNats({ connection: other, subject: 'a' });
    const error = await rejection(pipeline(Readable.from(['a']), destination));
    expect(error).to.be.instanceOf(DeliveryError).with.property('transient', false);
  });
});

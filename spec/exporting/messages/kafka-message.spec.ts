import { expect } from 'chai';
import fc from 'fast-check';

import {
  type ConsumedKafkaMessage,
  kafkaMetadata,
  toKafkaMessage,
} from '../../../lib/exporting/messages/kafka-message.js';

/** Archives a message, and makes a message of the record. */
function archivedAndReplayed(message: ConsumedKafkaMessage) {
  const payload = Buffer.from(message.value ?? '');
  return toKafkaMessage({
    metadata: kafkaMetadata(message),
    payload,
    timeMicros: 1_700_000_000_123_456,
  });
}

describe('kafkaMetadata', () => {
  it('has the key, the headers, and whether the value is null', () => {
    const metadata = kafkaMetadata({
      key: Buffer.from('k'),
      value: null,
      headers: { a: Buffer.from('1'), b: [Buffer.from('2'), Buffer.from('3'), Buffer.from('4')] },
    });
    expect({ ...metadata }).to.deep.equal({
      'kafka.key': 'k',
      'kafka.header.a': '1',
      'kafka.header.b': '2',
      'kafka.header.b.1': '3',
      'kafka.header.b.2': '4',
      'kafka.tombstone': 'true',
    });
    expect({ ...kafkaMetadata({ key: null, value: Buffer.alloc(0) }) }).to.deep.equal({});
  });

  it('keeps bytes that are not UTF-8, and text that looks like them', () => {
    const key = Buffer.from([0xff]);
    expect(kafkaMetadata({ key, value: null })['kafka.key']).to.equal('base64:/w==');
    const text = Buffer.from('base64:x');
    expect(kafkaMetadata({ key: text, value: null })['kafka.key']).to.equal('base64:YmFzZTY0Ong=');
  });

  it('has no value for what KafkaJS finds in the prototype of its headers', () => {
    const headers = Object.fromEntries(
      ['constructor', '__proto__'].map((name) => [name, [Reflect.get({}, name), Buffer.from('c')]]),
    );
    const metadata = kafkaMetadata({ key: null, value: Buffer.alloc(0), headers });
    expect(Object.entries(metadata)).to.deep.equal([
      ['kafka.header.constructor', 'c'],
      ['kafka.header.__proto__', 'c'],
    ]);
  });

  it('tells a header that ends in a number from a repeated one', () => {
    const headers = { a: [Buffer.from('1'), Buffer.from('2')], 'a.1': Buffer.from('3') };
    const metadata = kafkaMetadata({ key: null, value: Buffer.alloc(0), headers });
    expect(Object.keys(metadata)).to.deep.equal([
      'kafka.header.a',
      'kafka.header.a.1',
      'kafka.header.a.1.0',
    ]);
    expect({ ...archivedAndReplayed({ key: null, value: null, headers }).headers }).to.deep.equal(
      headers,
    );
  });
});

describe('toKafkaMessage', () => {
  const bytes = fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array));
  const name = fc.oneof(fc.string({ maxLength: 8 }), fc.constantFrom('a.1', '__proto__', 'x.2.0'));
  const header = fc.oneof(bytes, fc.array(bytes, { minLength: 2, maxLength: 4 }));

  it('gives back any message that was archived', () => {
    const messages = fc.record({
      key: fc.option(bytes),
      value: fc.option(bytes),
      headers: fc.dictionary(name, header, { maxKeys: 5, noNullPrototype: false }),
    });
    fc.assert(
      fc.property(messages, (message) => {
        const { headers, key, timestamp, value } = archivedAndReplayed(message);
        expect([key, value, timestamp]).to.deep.equal([
          message.key,
          message.value,
          '1700000000123',
        ]);
        expect(new Map(Object.entries(headers))).to.deep.equal(
          new Map(Object.entries(message.headers)),
        );
      }),
    );
  });

  it('makes headers of all other metadata', () => {
    const metadata = { event: 'login', 'base64:': 'base64:eA==' };
    const message = toKafkaMessage({ metadata, payload: Buffer.from('p'), timeMicros: undefined });
    expect({ ...message.headers }).to.deep.equal({
      event: Buffer.from('login'),
      'base64:': Buffer.from('base64:eA=='),
    });
    expect(message).to.not.have.property('timestamp');
    expect(message.key).to.equal(null);
  });
});

import { expect } from 'chai';

import { amqpMetadata, toAmqpMessage } from '../../../lib/exporting/messages/amqp-message.js';

const payload = Buffer.from('p');
const fields = { exchange: 'events', routingKey: 'a.b' };

describe('amqpMetadata', () => {
  it('has exchange, routing key, properties and headers', () => {
    const properties = {
      contentType: 'text/plain',
      priority: 3,
      messageId: undefined,
      headers: { a: 'x', n: 7 },
    };
    expect({ ...amqpMetadata({ fields, properties }) }).to.deep.equal({
      'amqp.exchange': 'events',
      'amqp.routingKey': 'a.b',
      'amqp.property.contentType': 'text/plain',
      'amqp.property.priority': '3',
      'amqp.header.a': 'x',
      'amqp.header.n': 'json:7',
    });
  });
});

describe('toAmqpMessage', () => {
  const timeMicros = 1_700_000_000_123_456;

  it('gives back a message that was archived', () => {
    const properties = {
      ...{ contentType: 'text/plain', contentEncoding: 'gzip', deliveryMode: 1, priority: 0 },
      ...{ correlationId: 'c', replyTo: 'r', expiration: '60000', messageId: 'm' },
      ...{ timestamp: 1_700_000_000, type: 't', appId: 'a' },
      headers: {
        text: 'x',
        looksLikeJson: 'json:1',
        looksLikeBytes: 'base64:eA==',
        bytes: Buffer.from([0xff, 0]),
        noBytes: Buffer.alloc(0),
        number: 1.5,
        list: [1, 'a', null, { deep: true }, Buffer.from('b')],
        time: { '!': 'timestamp', value: 1_700_000_000 },
      },
    };
    const metadata = amqpMetadata({ fields, properties });
    expect(toAmqpMessage({ metadata, payload, timeMicros })).to.deep.equal({
      ...{ ...fields, content: payload, properties },
    });
    const plain = amqpMetadata({ fields, properties: { headers: {} } });
    expect(toAmqpMessage({ metadata: plain, payload, timeMicros }).properties).to.deep.equal({
      headers: {},
    });
  });

  it('makes headers of all other metadata, in a persistent message with the time', () => {
    const metadata = { event: 'login', n: 'json:1' };
    expect(toAmqpMessage({ metadata, payload, timeMicros })).to.deep.equal({
      exchange: undefined,
      routingKey: undefined,
      content: payload,
      properties: { deliveryMode: 2, timestamp: 1_700_000_000, headers: metadata },
    });
  });

  it('gives the broker no command, and names no user', () => {
    const properties = { userId: 'u', headers: { CC: ['other'], constructor: 'x' } };
    const metadata: Record<string, string> = { ...amqpMetadata({ fields, properties }), BCC: 'q' };
    Object.defineProperty(metadata, '__proto__', { value: 'y', enumerable: true });
    const { headers, ...rest } = toAmqpMessage({ metadata, payload, timeMicros }).properties;
    expect(rest).to.deep.equal({});
    expect(Object.entries(Object(headers))).to.have.deep.members([
      ['%43C', ['other']],
      ['constructor', 'x'],
      ['amqp.property.userId', 'u'],
      ['%42CC', 'q'],
      ['__proto__', 'y'],
    ]);
  });
});

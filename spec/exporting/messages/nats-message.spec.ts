import { expect } from 'chai';

import { natsMetadata, toNatsMessage } from '../../../lib/exporting/messages/nats-message.js';

const payload = Buffer.from('p');

describe('natsMetadata', () => {
  it('has the subject and the headers', () => {
    const headers = [
      ['a', ['1', '2']],
      ['b.1', ['3']],
    ] as const;
    expect({ ...natsMetadata('orders.new', headers) }).to.deep.equal({
      'nats.subject': 'orders.new',
      'nats.header.a': '1',
      'nats.header.a.1': '2',
      'nats.header.b.1.0': '3',
    });
  });
});

describe('toNatsMessage', () => {
  const messageOf = (metadata: Record<string, string>) => toNatsMessage({ metadata, payload });

  it('gives back a message that was archived', () => {
    const headers = new Map([
      ['Trace-Id', ['1', '2']],
      ['b.1', ['3']],
    ]);
    const message = messageOf(natsMetadata('orders.new', headers));
    expect(message).to.deep.equal({ subject: 'orders.new', headers, data: payload });
  });

  it('makes headers of all other metadata, and encodes what a header cannot hold', () => {
    const { headers, subject } = messageOf({
      event: 'login',
      'kafka.key': 'k',
      'a b:c': 'x',
      grüße: '✓',
      lines: 'a\r\nb',
      blank: ' x',
      '': 'y',
    });
    expect(subject).to.equal(undefined);
    expect([...headers]).to.deep.equal([
      ['event', ['login']],
      ['kafka.key', ['k']],
      ['a%20b%3Ac', ['x']],
      ['gr%C3%BC%C3%9Fe', ['✓']],
      ['lines', [`base64:${Buffer.from('a\r\nb').toString('base64')}`]],
      ['blank', [`base64:${Buffer.from(' x').toString('base64')}`]],
      ['%', ['y']],
    ]);
  });

  it('gives the server no command', () => {
    const commands = {
      'nats.header.Nats-Rollup': 'all',
      'Nats-Expected-Last-Sequence': '7',
      'NATS-SCHEDULE': '@every 1s',
      'nats.header.Nats-Msg-Id': 'id',
    };
    expect([...messageOf(commands).headers.keys()]).to.have.members([
      'Nats%2DRollup',
      'Nats%2DExpected-Last-Sequence',
      'Nats%2DSCHEDULE',
      'Nats-Msg-Id',
    ]);
  });
});

import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';

import { expect } from 'chai';
import fc from 'fast-check';

import { targetOf } from '../../../lib/command/serve/record-of-request.js';
import { toHttpMessage } from '../../../lib/exporting/messages/http-message.js';
import { anyCharacter } from '../../support/arbitrary-record.js';

const payload = Buffer.from('p');

/** What `shoebox serve` reads of the request for a record. */
function served(metadata: Record<string, string>, timeMicros?: number, base = 'http://host/') {
  const { headers, url } = toHttpMessage({ metadata, payload, timeMicros }, new URL(base));
  const request = new IncomingMessage(new Socket());
  request.url = url.pathname + url.search;
  for (const [name, value] of headers) request.headers[name.toLowerCase()] = value;
  return targetOf(request);
}

describe('toHttpMessage', () => {
  it('has metadata in headers, and in the query what no header can hold', () => {
    const metadata = {
      event: 'login',
      'kafka.key': '✓',
      Tenant: 'a',
      lines: 'a\nb',
      blank: ' ',
      '': 'x',
    };
    const { body, headers, url } = toHttpMessage(
      { metadata, payload, timeMicros: 1_700_000_000_123_456 },
      new URL('https://host/in?kept=1'),
    );
    expect(body).to.equal(payload);
    expect(headers).to.deep.equal([
      ['x-shoebox-meta-event', 'login'],
      ['x-shoebox-meta-kafka.key', Buffer.from('✓').toString('latin1')],
      ['x-shoebox-time', '2023-11-14T22:13:20.123456Z'],
    ]);
    expect(url.href).to.equal('https://host/in?kept=1&Tenant=a&lines=a%0Ab&blank=+&=x');
  });

  it('is read by `serve` as the same metadata and time', () => {
    const key = fc.oneof(
      fc.string({ maxLength: 8, unit: anyCharacter }),
      fc.constantFrom('path', '__proto__'),
    );
    const value = fc.oneof(
      fc.string({ maxLength: 8, unit: anyCharacter }),
      fc.constantFrom(' x', 'a\r\nb', '\0', '\u0085'),
    );
    const metadata = fc.dictionary(key, value, { maxKeys: 6, noNullPrototype: true });
    fc.assert(
      fc.property(metadata, (given) => {
        const target = served(given, 1_700_000_000_000_001);
        expect(new Map(Object.entries(target?.metadata ?? {}))).to.deep.equal(
          new Map(Object.entries(given)),
        );
        expect(target?.time).to.equal('2023-11-14T22:13:20.000001Z');
      }),
    );
    expect(served({})?.time).to.equal(undefined);
  });
});

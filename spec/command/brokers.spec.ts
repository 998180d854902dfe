import { expect } from 'chai';

import { parseBrokerUrl } from '../../lib/command/brokers/broker-url.js';
import { loadPackage } from '../../lib/command/brokers/load-package.js';
import { rejection } from '../support/store-tools.js';

describe('parseBrokerUrl', () => {
  it('takes several hosts, a path, a query, and a user that it does not show', () => {
    const text = 'KAFKA://me:p%40ss@a:9092,[::1]:9093/orders%20new?tls=true';
    expect(parseBrokerUrl(text, ['tls'])).to.deep.equal({
      scheme: 'kafka',
      user: 'me',
      password: 'p@ss',
      hosts: ['a:9092', '[::1]:9093'],
      path: 'orders new',
      query: new Map([['tls', 'true']]),
      shown: 'KAFKA://a:9092,[::1]:9093/orders%20new',
    });
    expect(parseBrokerUrl('nats://host', [])).to.deep.include({ user: undefined, path: '' });
  });

  for (const [text, reason] of [
    ['nats:host', 'expected a URL'],
    ['nats://', 'expected a URL'],
    ['nats://a:b:c/x', 'the host is'],
    ['nats://a,,b/x', 'the host is'],
    ['nats://u:s%ecret@a/x', 'a % is not followed'],
    ['nats://u:s/ecret@a/x', 'a / before an @ is written as %2F'],
    ['nats://a/x?tsl=true', 'the query has "tsl", expected tls'],
  ] as const) {
    it(`refuses ${text}`, () => {
      expect(() => parseBrokerUrl(text, ['tls']))
        .to.throw(RangeError, reason)
        .with.property('message')
        .not.include('ecret');
    });
  }
});

describe('loadPackage', () => {
  it('says what to install', async () => {
    const names = ['shoebox-no-such-client', 'and-another'] as const;
    const name: string = names[0];
    const error = await rejection(loadPackage(names, 'kafka://', () => import(name)));
    expect(String(error)).to.equal(
      'Error: kafka:// needs the package shoebox-no-such-client, which is not installed: ' +
        'npm install shoebox-no-such-client and-another',
    );
  });

  it('reports what else fails as it is', async () => {
    const failure = new Error('broken');
    const load = () => Promise.reject(failure);
    expect(await rejection(loadPackage(['a'], 'kafka://', load))).to.equal(failure);
  });
});

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { finished, pipeline } from 'node:stream/promises';

import { expect } from 'chai';

import { DeliveryError } from '../../../lib/errors/delivery-error.js';
import { type ToHttpOptions, toHttp } from '../../../lib/exporting/destinations/to-http.js';
import { FakeClock } from '../../support/fake-clock.js';
import { rejection } from '../../support/store-tools.js';
import { until } from '../../support/until.js';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

describe('toHttp', () => {
  const servers: ReturnType<typeof createServer>[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });

  /** A service that answers one request after the other as the spec says, then always 200. */
  async function serve(...answers: Answer[]) {
    const bodies: string[] = [];
    const requests: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      requests.push(request);
      void text(request).then((body) => {
        bodies.push(body);
        const answer = answers.shift() ?? ((ok) => ok.end('ok'));
        answer(response, request);
      });
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}/in`, bodies, requests };
  }

  const status =
    (code: number, headers: Record<string, string> = {}): Answer =>
    (response) => {
      response.writeHead(code, headers).end('because');
    };

  it('posts one record after the other, with its time and metadata', async () => {
    const { bodies, requests, url } = await serve();
    const destination = toHttp({ url: `${url}?kept=1`, headers: { authorization: 'Bearer t' } });
    const records = [
      { payload: 'a', metadata: { event: 'login', Tenant: 'x' }, time: 0 },
      { payload: '', time: 1 },
    ];
    await pipeline(Readable.from(records), destination);
    expect(bodies).to.deep.equal(['a', '']);
    expect(requests[0]?.url).to.equal('/in?kept=1&Tenant=x');
    expect(requests[0]?.headers).to.include({
      'content-type': 'application/octet-stream',
      authorization: 'Bearer t',
      'x-shoebox-meta-event': 'login',
      'x-shoebox-time': '1970-01-01T00:00:00.000000Z',
    });
  });

  it('makes as many requests at once as may be in flight', async () => {
    let open = 0;
    let most = 0;
    const count: Answer = (response) => {
      most = Math.max(most, ++open);
      setImmediate(() => {
        open--;
        response.end();
      });
    };
    const { bodies, url } = await serve(...Array.from({ length: 9 }, () => count));
    const records = Array.from({ length: 9 }, (_, n) => String(n));
    await pipeline(Readable.from(records), toHttp({ url, maxInFlight: 4 }));
    expect(most).to.be.within(2, 4);
    expect(bodies.sort()).to.deep.equal(records);
  });

  it('repeats 408, 425, 429 and 5xx, and broken connections, in order', async () => {
    const broken: Answer = (_response, request) => request.socket.destroy();
    const { bodies, url } = await serve(
      ...[status(408), status(425), status(429), status(500), status(503), broken],
    );
    const clock = new FakeClock();
    const destination = toHttp({ url, clock });
    const codes: unknown[] = [];
    destination.on('retry', ({ error, delayMs }) => {
      codes.push(error.destinationCode);
      setImmediate(() => clock.advance(delayMs));
    });
    await pipeline(Readable.from(['a', 'b']), destination);
    expect(bodies).to.deep.equal(['a', 'a', 'a', 'a', 'a', 'a', 'a', 'b']);
    expect(codes.slice(0, 5)).to.deep.equal(['408', '425', '429', '500', '503']);
    expect(codes[5]).to.match(/^(ECONNRESET|UND_ERR_SOCKET)$/);
  });

  it('waits as long as Retry-After says, in seconds or as a date', async () => {
    const clock = new FakeClock();
    const date = new Date(clock.now() + 30_000).toUTCString();
    const { url } = await serve(
      status(429, { 'retry-after': '20' }),
      status(503, { 'retry-after': date }),
      status(429, { 'retry-after': '400' }),
    );
    const destination = toHttp({ url, clock });
    const delays: number[] = [];
    destination.on('retry', ({ delayMs }) => {
      delays.push(delayMs);
      setImmediate(() => clock.advance(delayMs));
    });
    const error = await rejection(pipeline(Readable.from(['a']), destination));
    expect(delays[0]).to.equal(20_000);
    expect(delays[1]).to.be.within(9_000, 10_000);
    expect(error).to.be.instanceOf(DeliveryError).with.property('destinationCode', '429');
  });

  it('ends with any other status, a redirect too', async () => {
    for (const [code, location] of [
      [400, undefined],
      [401, undefined],
      [413, undefined],
      [301, 'http://elsewhere/'],
    ] as const) {
      const { bodies, url } = await serve(status(code, location ? { location } : {}));
      const error = await rejection(pipeline(Readable.from(['a']), toHttp({ url })));
      expect(error).to.be.instanceOf(DeliveryError);
      expect(error).to.include({ destinationCode: String(code), transient: false, target: url });
      expect(String(error)).to.match(/status \d+ \w.*because/);
      if (location !== undefined) expect(String(error)).to.include(location);
      expect(bodies).to.have.length(1);
    }
  });

  it('gives a request up after the time-out, and reads no endless answer', async () => {
    const silent: Answer = () => {};
    const endless: Answer = (response) => {
      response.writeHead(500);
      const fill = () => {
        if (!response.destroyed && response.write('x'.repeat(10_000))) setImmediate(fill);
      };
      response.on('drain', fill);
      fill();
    };
    const { bodies, url } = await serve(silent, endless);
    const clock = new FakeClock();
    const destination = toHttp({ url, clock, timeout: '5s' });
    const problems: string[] = [];
    destination.on('retry', ({ error, delayMs }) => {
      problems.push(error.problem);
      setImmediate(() => clock.advance(delayMs));
    });
    const done = pipeline(Readable.from(['a']), destination);
    await until(() => bodies.length > 0);
    clock.advance(5000);
    await done;
    expect(problems[0]).to.equal('no answer within 5000 ms');
    expect(problems[1]).to.match(/^status 500 Internal Server Error: x{500}$/);
  });

  it('ends a request that is under way when it is destroyed', async () => {
    const { bodies, requests, url } = await serve(() => {});
    const destination = toHttp({ url });
    destination.write('a');
    await until(() => bodies.length > 0);
    const closed = once(requests[0]?.socket ?? destination, 'close');
    destination.destroy();
    await Promise.all([rejection(finished(destination)), closed]);
  });

  for (const [options, name] of [
    [{ url: 'ftp://host/' }, 'url'],
    [{ url: '/records' }, 'url'],
    [{ url: 'http://user:secret@host/' }, 'url'],
    [{ url: 'http://host', timeout: 'soon' }, 'timeout'],
    [{ url: 'http://host', fetch: 'curl' }, 'fetch'],
    [{ url: 'http://host', conection: 1 }, 'conection'],
  ] as const) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      const untyped: object = options;
      const create = () => toHttp(untyped as ToHttpOptions);
      expect(create).to.throw(Error, name).with.property('message').not.include('secret');
    });
  }
});

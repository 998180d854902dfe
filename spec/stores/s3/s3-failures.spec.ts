import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { expect } from 'chai';

import { StoreError } from '../../../lib/errors/store-error.js';
import { S3Store } from '../../../lib/stores/s3/s3-store.js';
import type { S3StoreOptions } from '../../../lib/stores/s3/s3-store-options.js';
import { FakeClock } from '../../support/fake-clock.js';
import { chunks, rejection, unending } from '../../support/store-tools.js';
import { outcomeOf } from '../../support/writer-tools.js';

describe('S3Store, when the service fails', () => {
  let failing: Server;

  async function listen(onRequest: Parameters<typeof createServer>[1]): Promise<string> {
    failing = createServer(onRequest).listen(0, '127.0.0.1');
    await once(failing, 'listening');
    const address = failing.address();
    if (typeof address !== 'object') throw new Error(`expected a TCP address, not ${address}`);
    return `http://127.0.0.1:${address?.port}`;
  }

  function open(endpoint: string, options: S3StoreOptions = {}): S3Store {
    const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
    return new S3Store('s3://bucket', { endpoint, region: 'us-east-1', credentials, ...options });
  }

  afterEach(() => {
    failing.closeAllConnections();
    failing.close();
  });

  it('rejects a put at once when a part fails, although the body never ends', async () => {
    const endpoint = await listen((request, response) => {
      request.resume();
      if (request.method === 'PUT') response.statusCode = 403;
      if (request.method === 'POST') response.write(CREATED);
      response.end();
    });
    const body = unending(6);
    const options = { partBytes: '5 MiB', concurrentParts: 2 };
    const error = await rejection(open(endpoint, options).put('a', body));
    expect(error).to.include({ storeCode: 'AccessDenied', transient: false });
    expect(body.destroyed).to.equal(true);
  });

  it('aborts requests that are still in flight 2 s after the put was aborted', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const methods: string[] = [];
    const endpoint = await listen((request, response) => {
      methods.push(request.method ?? '');
      if (request.method === 'POST') {
        response.end(CREATED);
        return;
      }
      // Neither the part nor the abort of the upload is answered.
      request.resume();
      if (request.method === 'PUT') controller.abort(new Error('no longer wanted'));
      clock.advance(2000);
    });
    const store = open(endpoint, { clock, partBytes: '5 MiB' });
    const { signal } = controller;
    const error = await rejection(store.put('a', Readable.from(chunks(6)), { signal }));
    expect(error).to.equal(signal.reason);
    expect(methods).to.deep.equal(['POST', 'PUT', 'DELETE']);
    await store.close();
  });

  it('turns a connection that breaks during a read into a StoreError', async () => {
    const endpoint = await listen((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('the first', () => response.destroy());
    });
    const body = await open(endpoint).get('a');
    const error = await rejection(buffer(body));
    expect(error).to.be.instanceOf(StoreError);
    expect(error).to.include({ operation: 'get', storeCode: 'ECONNRESET', transient: true });
  });

  it('closes the connection when the reader stops while the service is silent', async () => {
    const endpoint = await listen((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('the first');
    });
    const connected = once(failing, 'connection');
    const body = await open(endpoint).get('a');
    const [socket] = await connected;
    const ended = once(socket, 'close');
    for await (const _ of body) break;
    await outcomeOf(body);
    await ended;
  });
});

const CREATED =
  '<?xml version="1.0"?><InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>';

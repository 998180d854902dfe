import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { expect } from 'chai';

import { StoreError } from '../../../lib/errors/store-error.js';
import { createArchiveReader } from '../../../lib/reading/rolling-read-stream.js';
import { MAX_ANSWER_BYTES, MAX_ERROR_BYTES } from '../../../lib/stores/s3/limit-answers.js';
import type { S3Store } from '../../../lib/stores/s3/s3-store.js';
import {
  type HostileRequest,
  HostileS3,
  listingPage,
  sendForever,
} from '../../support/hostile-s3.js';
import { readPayloads } from '../../support/series.js';
import { listed, rejection } from '../../support/store-tools.js';
import { until } from '../../support/until.js';

const LINES = Buffer.from(Array.from({ length: 100 }, (_, n) => `{"n":${n}}\n`).join(''));
const ETAG = '"one"';

describe('S3Store, with a service that answers something else than was asked', () => {
  let hostile: HostileS3;
  let store: S3Store;

  beforeEach(async () => {
    hostile = await HostileS3.start();
    store = hostile.open();
  });

  afterEach(async () => {
    await store.close();
    await hostile.stop();
  });

  /** Serves one object of JSON lines, except that `get` answers the requests for its bytes. */
  function serve(get: (request: HostileRequest, n: number) => void, etag = ETAG): void {
    let gets = 0;
    hostile.answer = (request) => {
      const { operation, response } = request;
      if (operation === 'ListObjectsV2') response.end(listingPage(['a.events']));
      else if (operation === 'HeadObject') {
        response.writeHead(200, { 'content-length': LINES.length, etag }).end();
      } else if (operation === 'GetObject') get(request, gets++);
    };
  }

  function sendPart({ range, response }: HostileRequest, etag = ETAG, most = LINES.length): void {
    const [, start = 0, last = LINES.length - 1] = /bytes=(\d+)-(\d+)/.exec(range ?? '') ?? [];
    const part = LINES.subarray(Number(start), Number(last) + 1);
    response.writeHead(206, {
      'content-range': `bytes ${start}-${last}/${LINES.length}`,
      'content-length': part.length,
      etag,
    });
    if (most >= part.length) response.end(part);
    else response.write(part.subarray(0, most), () => response.destroy());
  }

  async function read() {
    const reader = createArchiveReader({ store, pattern: '*.events' });
    const { error, payloads } = await readPayloads(reader);
    return { error, payloads };
  }

  function expectMismatch(error: unknown, text: string): void {
    expect(error).to.be.instanceOf(StoreError);
    expect(error).to.include({ storeCode: 'UnexpectedAnswer', transient: false });
    expect(error).to.have.property('message').that.includes(text);
  }

  it('never emits a record twice when the rest of a download is answered with the whole', async () => {
    serve((request, n) => {
      if (n < 1) sendPart(request, ETAG, 500);
      else request.response.writeHead(200, { 'content-length': LINES.length }).end(LINES);
    });
    const { error, payloads } = await read();
    expectMismatch(error, 'got no ETag');
    expect(new Set(payloads).size).to.equal(payloads.length);
    serve((request, n) => {
      if (n < 1) sendPart(request, ETAG, 500);
      else request.response.writeHead(200, { etag: ETAG }).end(LINES);
    });
    const again = await read();
    expectMismatch(again.error, 'got the whole object (200)');
    expect(new Set(again.payloads).size).to.equal(again.payloads.length);
  });

  it('does not continue with an object of another ETag, whatever If-Match says', async () => {
    serve((request, n) => sendPart(request, n < 1 ? ETAG : '"two"', 500));
    const { error } = await read();
    expect(error).to.be.instanceOf(StoreError).and.to.include({ storeCode: 'PreconditionFailed' });
  });

  it('refuses a part of another range', async () => {
    serve(({ response }) => {
      const headers = { 'content-range': `bytes 8-15/${LINES.length}`, etag: ETAG };
      response.writeHead(206, headers).end(LINES.subarray(8, 16));
    });
    expectMismatch((await read()).error, 'got bytes 8-15/');
  });

  it('stops reading a body that is longer than the range', async () => {
    serve(({ response }) => {
      const headers = { 'content-range': 'bytes 0-8/9', etag: ETAG };
      void sendForever(response.writeHead(206, headers), Buffer.alloc(100_000, '\n'));
    });
    const body = await store.get('a.events', { start: 0, end: 9 });
    const error = await rejection(buffer(body));
    expectMismatch(error, 'goes on after 9 bytes');
  });

  it('refuses HEAD without a size instead of assuming an empty object', async () => {
    hostile.answer = ({ response }) => void response.writeHead(200).end();
    expectMismatch(await rejection(store.head('a')), 'no valid Content-Length');
  });

  it('refuses the page of a proxy instead of assuming an empty listing', async () => {
    hostile.answer = ({ response }) => void response.end('<html><body>log in</body></html>');
    expectMismatch(await rejection(listed(store.list())), 'not a listing');
  });

  it('ends a listing whose token repeats', async () => {
    hostile.answer = ({ response }) => void response.end(listingPage(['a.events'], 'again'));
    expectMismatch(await rejection(listed(store.list())), 'goes back to an earlier page');
    expectMismatch((await read()).error, 'goes back to an earlier page');
  });

  it('ends a listing that never ends when the reader is destroyed', async () => {
    let page = 0;
    hostile.answer = ({ operation, response }) => {
      if (operation === 'ListObjectsV2') page++;
      response.end(listingPage([`a-${page}.events`], `${page}`));
    };
    const reader = createArchiveReader({ store, pattern: '*' });
    const closed = once(reader, 'close');
    reader.resume();
    await until(() => page >= 5);
    reader.destroy();
    await closed;
    const seen = page;
    // As long as several pages would take.
    for (let i = 0; i < 5; i++) await rejection(store.head('a'));
    expect(page).to.be.at.most(seen + 1);
  });

  it('aborts a request that is never answered when the reader is destroyed', async () => {
    const reader = createArchiveReader({ store, pattern: '*' });
    const closed = once(reader, 'close');
    reader.resume();
    await until(() => hostile.requests.length > 0);
    reader.destroy();
    await closed;
    await until(async () => (await hostile.connections()) === 0);
  });

  for (const [what, ask] of [
    ['head', () => store.head('a', { signal: AbortSignal.timeout(50) })],
    ['get', () => store.get('a', undefined, { signal: AbortSignal.timeout(50) })],
    ['list', () => listed(store.list('', { signal: AbortSignal.timeout(50) }))],
    ['delete', () => store.delete('a', { signal: AbortSignal.timeout(50) })],
    ['abortUpload', () => store.abortUpload('a', 'id', { signal: AbortSignal.timeout(50) })],
    ['refusesTaken', () => store.refusesTaken({ signal: AbortSignal.timeout(50) })],
  ] as const) {
    it(`aborts ${what} that is never answered, with the reason of the signal`, async () => {
      // The signal must not abort while the SDK is being loaded.
      hostile.answer = ({ response }) => void response.writeHead(404).end();
      await rejection(store.get('a'));
      hostile.answer = () => {};
      expect(await rejection(ask())).to.have.property('name', 'TimeoutError');
      await until(async () => (await hostile.connections()) === 0);
    });
  }

  it('aborts the requests that are under way when the store is closed', async () => {
    const asked = rejection(store.head('a'));
    await until(() => hostile.requests.length > 0);
    await store.close();
    expect(await asked).to.be.instanceOf(StoreError);
    await until(async () => (await hostile.connections()) === 0);
  });

  for (const [status, most] of [
    [200, MAX_ANSWER_BYTES],
    [403, MAX_ERROR_BYTES],
  ] as const) {
    it(`takes at most ${most} bytes of an answer ${status} without end`, async () => {
      let sending = Promise.resolve(0);
      hostile.answer = ({ response }) => {
        sending = sendForever(response.writeHead(status), Buffer.alloc(64 * 2 ** 10, 'x'));
      };
      const error = await rejection(listed(store.list()));
      expect(error).to.be.instanceOf(StoreError);
      expect(error).to.have.property('message').that.includes(`has more than ${most} bytes`);
      // The buffers of the system hold more.
      expect(await sending).to.be.below(most + 8 * 2 ** 20);
      if (status === 403) expect(error).to.have.property('transient', false);
    });
  }

  it('refuses a multipart upload without an id, and a part without an ETag', async () => {
    hostile.answer = ({ response }) => void response.end('<Result></Result>');
    const error = await rejection(store.put('a', Readable.from([Buffer.alloc(9 * 2 ** 20)])));
    expectMismatch(error, 'no upload id');
  });
});

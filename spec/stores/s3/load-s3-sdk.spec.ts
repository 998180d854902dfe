import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';

import { S3Store } from '../../../lib/stores/s3/s3-store.js';
import type { S3StoreOptions } from '../../../lib/stores/s3/s3-store-options.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import { type S3Server, startEmbeddedS3 } from '../../support/s3-server.js';
import { chunks } from '../../support/store-tools.js';

describe('loadS3Sdk', () => {
  let server: S3Server;
  let proxy: FaultProxy;
  let bucket: string;

  before(async () => {
    server = await startEmbeddedS3();
    proxy = await FaultProxy.start(server.endpoint);
    bucket = await server.createBucket();
  });

  after(async () => {
    await proxy.stop();
    await server.stop();
  });

  beforeEach(() => {
    proxy.requests.length = 0;
  });

  function createClient(): S3Client {
    const { region, credentials } = server;
    return new S3Client({ endpoint: proxy.endpoint, region, credentials, forcePathStyle: true });
  }

  async function putAndGet(options: S3StoreOptions): Promise<void> {
    const { region, credentials } = server;
    const access = { endpoint: proxy.endpoint, region, credentials };
    const store = new S3Store(`s3://${bucket}`, {
      ...access,
      checksum: 'none',
      partBytes: '5 MiB',
      ...options,
    });
    await store.put('small', Readable.from(['12345']));
    await store.put('large', Readable.from(chunks(6)));
    expect(await text(await store.get('small'))).to.equal('12345');
    await store.close();
  }

  /** The names of all headers in which the SDK asks for checksums, or sends its own. */
  function checksumHeaders(): string[] {
    return proxy.requests.flatMap(({ headers }) =>
      Object.keys(headers).filter((name) => /checksum|trailer|content-md5/.test(name)),
    );
  }

  for (const [what, createOptions] of [
    ["the store's own client", () => ({})],
    ["a caller's client", () => ({ client: createClient() })],
  ] as const) {
    it(`lets the SDK add no checksum to the requests of ${what}`, async () => {
      await putAndGet(createOptions());
      const operations = new Set(proxy.requests.map(({ operation }) => operation));
      const expected = ['PutObject', 'UploadPart', 'CompleteMultipartUpload', 'GetObject'];
      expect(operations).to.include.members(expected);
      expect(checksumHeaders()).to.deep.equal([]);
    });
  }

  it("leaves the settings of a caller's client as they are", async () => {
    const client = createClient();
    const { config } = client;
    await putAndGet({ client });
    expect(client.config).to.equal(config);
    expect(await config.requestChecksumCalculation()).to.equal('WHEN_SUPPORTED');
    expect(await config.responseChecksumValidation()).to.equal('WHEN_SUPPORTED');
    client.destroy();
  });

  it("sends every request with the caller's own send", async () => {
    const client = createClient();
    let calls = 0;
    // As libraries that mock or trace a client replace its method.
    client.send = new Proxy(client.send, {
      apply(send, client, args) {
        calls++;
        return Reflect.apply(send, client, args);
      },
    });
    await putAndGet({ client });
    expect(calls).to.equal(proxy.requests.length);
    client.destroy();
  });
});

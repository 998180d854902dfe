import { Readable } from 'node:stream';

import { HeadObjectCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { expect } from 'chai';

import { StoreError } from '../../../lib/errors/store-error.js';
import { S3Store } from '../../../lib/stores/s3/s3-store.js';
import type { S3StoreOptions } from '../../../lib/stores/s3/s3-store-options.js';
import { type S3Server, startS3 } from '../../support/s3-server.js';
import { chunks, listed, MIB, rejection } from '../../support/store-tools.js';
import { describeFailedPuts } from '../contract/failed-put-contract.js';
import { describeStore, type StoreFixture } from '../contract/store-contract.js';

describe('S3Store', () => {
  let server: S3Server;
  let bucket: string;

  before(async () => {
    server = await startS3();
    bucket = await server.createBucket();
  });

  after(() => server.stop());

  function open(prefix: string, options: S3StoreOptions = {}): S3Store {
    const { endpoint, region, credentials } = server;
    return new S3Store(`s3://${bucket}/${prefix}`, { endpoint, region, credentials, ...options });
  }

  /** A caller's own client, and the names of the commands that it sends. */
  function openClient(): { client: S3Client; sent: string[] } {
    const { endpoint, region, credentials } = server;
    const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
    const sent: string[] = [];
    client.middlewareStack.add(
      (next, context) => (args) => {
        sent.push(context.commandName ?? '');
        return next(args);
      },
      { step: 'initialize' },
    );
    return { client, sent };
  }

  async function unfinishedUploads(Bucket: string): Promise<string[]> {
    if (!server.isComplete) return [];
    const { Uploads = [] } = await server.client.send(new ListMultipartUploadsCommand({ Bucket }));
    return Uploads.map(({ Key }) => String(Key));
  }

  for (const [name, prefix] of [
    ['S3Store', ''],
    ['S3Store with a prefix', 'some/pre fix/'],
  ] as const) {
    const openFixture = async (): Promise<StoreFixture> => {
      bucket = await server.createBucket();
      return {
        store: open(prefix),
        gaps: server.gaps,
        evidence: server.evidence,
        leftovers: () => unfinishedUploads(bucket),
        dispose: async () => {},
      };
    };
    describeStore(name, openFixture);
    describeFailedPuts(name, openFixture);
  }

  it('refuses impossible buckets and part sizes at construction', () => {
    for (const url of ['s3://', 's3:///a', 's3://b@cket/a', 'http://bucket/a', 's3://a b/c']) {
      expect(() => new S3Store(url), url).to.throw(RangeError, JSON.stringify(url));
    }
    expect(() => new S3Store('s3://bucket/a/../b')).to.throw(RangeError, 'has the segment ..');
    for (const partBytes of ['4.9 MiB', 0, '5.1 GiB']) {
      expect(() => open('', { partBytes })).to.throw(
        RangeError,
        `partBytes is ${JSON.stringify(partBytes)}, expected 5 MiB to 5 GiB`,
      );
    }
    for (const concurrentParts of [0, -1, 1.5]) {
      expect(() => open('', { concurrentParts })).to.throw(RangeError, `is ${concurrentParts}`);
    }
  });

  it('refuses a key that is too long with the prefix', async () => {
    const store = open('p'.repeat(600));
    expect(await rejection(store.head('k'.repeat(600)))).to.be.instanceOf(RangeError);
  });

  it('keeps the objects of each prefix apart', async () => {
    const [a, ab] = [open('a'), open('a/b')];
    await ab.put('c', Readable.from(['x']));
    await open('ab').put('d', Readable.from(['x']));
    expect((await listed(a.list())).map(({ key }) => key)).to.deep.equal(['b/c']);
    expect((await listed(ab.list())).map(({ key }) => key)).to.deep.equal(['c']);
  });

  it('stores the content type', async () => {
    const store = open('types');
    await store.put('a', Readable.from(['x']), { contentType: 'application/gzip' });
    const answer = await server.client.send(
      new HeadObjectCommand({ Bucket: bucket, Key: 'types/a' }),
    );
    expect(answer.ContentType).to.equal('application/gzip');
  });

  it('pages through a listing', async function () {
    if (!server.isComplete) this.skip();
    const { client, sent } = openClient();
    client.middlewareStack.add(
      (next) => (args) => next({ ...args, input: { ...args.input, MaxKeys: 2 } }),
      { step: 'initialize' },
    );
    const store = open('pages', { client });
    const keys = ['a', 'b', 'c', 'd/e', 'f'];
    for (const key of keys) await store.put(key, Readable.from(['x']));
    const found = (await listed(store.list())).map(({ key }) => key);
    expect(found).to.deep.equal(keys);
    expect(sent.filter((name) => name === 'ListObjectsV2Command')).to.have.length(3);
    client.destroy();
  });

  it("never destroys the caller's client", async () => {
    const { client } = openClient();
    let destroyed = 0;
    const destroy = client.destroy.bind(client);
    client.destroy = () => {
      destroyed++;
    };
    const store = open('own', { client });
    await store.put('a', Readable.from(['x']));
    await store.close();
    expect(destroyed).to.equal(0);
    destroy();
  });

  it('removes the parts of a failed put after its last request has ended', async () => {
    const { client, sent } = openClient();
    const failure = new Error('the disk is gone');
    const options = { client, partBytes: '5 MiB' };
    const body = Readable.from(chunks(12, () => {}, failure));
    expect(await rejection(open('failed', options).put('a', body))).to.equal(failure);
    expect(sent.at(0)).to.equal('CreateMultipartUploadCommand');
    expect(sent.at(-1)).to.equal('AbortMultipartUploadCommand');
    expect(sent.slice(1, -1).every((name) => name === 'UploadPartCommand')).to.equal(true);
    expect(await unfinishedUploads(bucket)).to.deep.equal([]);
    client.destroy();
  });

  it('reads the body no faster than the service stores its parts', async () => {
    let taken = 0;
    let stored = 0;
    let lead = 0;
    const { client } = openClient();
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const answer = await next(args);
        if (context.commandName === 'UploadPartCommand') stored += 5 * MIB;
        return answer;
      },
      { step: 'initialize' },
    );
    const source = chunks(25, (chunk) => {
      taken += chunk.length;
      lead = Math.max(lead, taken - stored);
    });
    const store = open('slow', { client, partBytes: '5 MiB', concurrentParts: 2 });
    const { bytes } = await store.put('a', Readable.from(source));
    expect(bytes).to.equal(25 * MIB);
    // Two parts in flight, one that is being filled, and a chunk or two in each stream's buffer.
    expect(lead).to.be.at.most(19 * MIB);
    client.destroy();
  }).timeout(120_000);

  it('distinguishes a missing bucket from a missing key', async () => {
    bucket = 'shoebox-never-created';
    const store = open('');
    const failed = [
      store.put('a', Readable.from(['x'])),
      store.put('large', Readable.from(chunks(12))),
      store.head('a'),
      store.get('a'),
      listed(store.list()),
      store.delete('a'),
    ].map(rejection);
    for (const error of await Promise.all(failed)) {
      expect(error).to.be.instanceOf(StoreError);
      expect(error).to.include({ storeCode: 'NoSuchBucket', transient: false });
      expect(error)
        .to.have.property('message')
        .that.includes('bucket shoebox-never-created does not exist; create it first');
    }
    bucket = await server.createBucket();
    expect(await open('').head('a')).to.equal(null);
  });

  it('says which keys to check when the service refuses them', async () => {
    const { accessKeyId, secretAccessKey } = server.credentials;
    const wrong = [{ accessKeyId: 'nobody', secretAccessKey }];
    if (server.isComplete) wrong.push({ accessKeyId, secretAccessKey: 'wrong' });
    for (const credentials of wrong) {
      const store = open('', { credentials });
      const calls = [store.get('a'), store.put('a', Readable.from(['x'])), store.head('a')];
      const errors = await Promise.all(calls.map(rejection));
      for (const error of errors) {
        expect(error).to.be.instanceOf(StoreError).and.to.have.property('transient', false);
        expect(error)
          .to.have.property('message')
          .that.matches(/; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/);
      }
      await store.close();
    }
  });

  it('says that no service listens at the endpoint, and calls the failure transient', async () => {
    const store = open('', { endpoint: 'http://127.0.0.1:1' });
    const calls = [store.head('a'), store.get('a'), store.put('a', Readable.from(['x']))];
    for (const error of await Promise.all(calls.map(rejection))) {
      expect(error).to.include({ storeCode: 'ECONNREFUSED', transient: true });
      expect(error).to.have.property('message').that.includes('cannot reach http://127.0.0.1:1');
    }
    await store.close();
  });
});

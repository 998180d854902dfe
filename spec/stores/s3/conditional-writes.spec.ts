import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'chai';

import { hasConditionalWrites } from '../../../lib/stores/s3/conditional-writes.js';
import type { S3Api } from '../../../lib/stores/s3/s3-api.js';
import { S3Store } from '../../../lib/stores/s3/s3-store.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import { type S3Server, startEmbeddedS3 } from '../../support/s3-server.js';
import { listed, rejection } from '../../support/store-tools.js';
import { describeFailedPuts } from '../contract/failed-put-contract.js';
import { describeStore, type StoreFixture } from '../contract/store-contract.js';

describe('hasConditionalWrites', () => {
  let server: S3Server;
  let proxy: FaultProxy;
  let bucket: string;

  before(async () => {
    server = await startEmbeddedS3();
  });

  after(() => server.stop());

  beforeEach(async () => {
    proxy = await FaultProxy.start(server.endpoint);
    bucket = await server.createBucket();
  });

  afterEach(() => proxy.stop());

  function open(endpoint = proxy.endpoint): S3Store {
    const { region, credentials } = server;
    return new S3Store(`s3://${bucket}/pre/fix`, { endpoint, region, credentials });
  }

  async function refusesTaken(store: S3Store): Promise<boolean> {
    try {
      return await store.refusesTaken();
    } finally {
      await store.close();
    }
  }

  /** The keys in the bucket, also those that the store does not list. */
  async function everything(): Promise<string[]> {
    const { Contents = [] } = await server.client.send(
      new ListObjectsV2Command({ Bucket: bucket }),
    );
    return Contents.map(({ Key = '' }) => Key);
  }

  it('is true when the service refuses a taken key, in one request and in several', async () => {
    proxy.hasConditionalWrites = true;
    expect(await refusesTaken(open())).to.equal(true);
    expect(proxy.count('CompleteMultipartUpload')).to.equal(1);
    expect(await everything()).to.deep.equal([]);
  });

  it('probes the service once', async () => {
    proxy.hasConditionalWrites = true;
    const store = open();
    await Promise.all([store.refusesTaken(), store.refusesTaken()]);
    const { length } = proxy.requests;
    expect(await refusesTaken(store)).to.equal(true);
    expect(proxy.requests).to.have.length(length);
  });

  it('is false when the service ignores the header', async () => {
    expect(await refusesTaken(open())).to.equal(false);
    expect(await everything()).to.deep.equal([]);
  });

  for (const operation of [
    'PutObject',
    'CreateMultipartUpload',
    'CompleteMultipartUpload',
  ] as const) {
    for (const [status, code] of [
      [501, 'NotImplemented'],
      [403, 'AccessDenied'],
    ] as const) {
      it(`is false when ${operation} answers ${status}`, async () => {
        proxy.hasConditionalWrites = true;
        proxy.inject(operation, { kind: 'answer', status, code });
        expect(await refusesTaken(open())).to.equal(false);
        expect(await everything()).to.deep.equal([]);
      });
    }
  }

  it('is false when a multipart upload replaces an object', async () => {
    proxy.before = ({ operation }) => {
      proxy.hasConditionalWrites = operation === 'PutObject';
    };
    expect(await refusesTaken(open())).to.equal(false);
    expect(await everything()).to.deep.equal([]);
  });

  it('probes again after a failure that says nothing about the service', async () => {
    proxy.hasConditionalWrites = true;
    proxy.inject('PutObject', { kind: 'answer', status: 503, code: 'SlowDown' }, 3);
    const store = open();
    expect(await rejection(store.refusesTaken())).to.include({ transient: true, operation: 'put' });
    expect(await refusesTaken(store)).to.equal(true);
  });

  it('needs no permission to delete', async () => {
    proxy.hasConditionalWrites = true;
    proxy.inject('DeleteObject', { kind: 'answer', status: 403, code: 'AccessDenied' });
    expect(await refusesTaken(open())).to.equal(true);
    expect(await everything()).to.deep.equal(['pre/fix/.shoebox-probe']);
    const store = open();
    expect(await listed(store.list())).to.deep.equal([]);
    await store.close();
  });

  it('removes the object that a process left as it died in its probe', async () => {
    proxy.hasConditionalWrites = true;
    const Key = 'pre/fix/.shoebox-probe';
    await server.client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: '' }));
    expect(await refusesTaken(open())).to.equal(true);
    expect(await everything()).to.deep.equal([]);
  });

  it('aborts the uploads that processes left as they died in their probes, and no others', async () => {
    const left = new Map([
      ['1', 'pre/fix/.shoebox-probe'],
      ['2', 'pre/fix/.shoebox-probe'],
      ['3', 'pre/fix/.shoebox-probe-of-another-program'],
      ['4', 'pre/fix/a.events.gz'],
    ]);
    const refuse = async () => {
      throw Object.assign(new Error('no'), { $metadata: { httpStatusCode: 501 } });
    };
    const api = {
      listMultipartUploads: async () => {
        const Uploads = [...left].map(([UploadId, Key]) => ({ UploadId, Key }));
        return { $metadata: {}, Uploads };
      },
      abortMultipartUpload: async ({ UploadId = '' }) => {
        left.delete(UploadId);
        return { $metadata: {} };
      },
      putObject: refuse,
    } satisfies Partial<S3Api> as Partial<S3Api> as S3Api;
    const target = { bucket: 'b', prefix: 'pre/fix/', attributes: {} };
    expect(await hasConditionalWrites(api, target, new AbortController().signal)).to.equal(false);
    expect([...left.keys()]).to.deep.equal(['3', '4']);
  });

  it('is not misled by another host that removes the object during the probe', async () => {
    proxy.hasConditionalWrites = true;
    const Key = 'pre/fix/.shoebox-probe';
    let removals = 0;
    proxy.before = async ({ operation }) => {
      if (operation !== 'CompleteMultipartUpload' || removals++ > 0) return;
      await server.client.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
    };
    expect(await refusesTaken(open())).to.equal(true);
    expect(await everything()).to.deep.equal([]);
  });

  const openFixture = async (): Promise<StoreFixture> => {
    proxy.hasConditionalWrites = true;
    return {
      store: open(),
      gaps: server.gaps.filter((gap) => gap !== 'refuses no taken key'),
      evidence: server.evidence,
      leftovers: async () => [],
      dispose: async () => {},
    };
  };
  const openFixtureOfNone = async (): Promise<StoreFixture> => ({
    store: open(server.endpoint),
    gaps: server.gaps,
    evidence: server.evidence,
    leftovers: async () => [],
    dispose: async () => {},
  });
  describeStore('S3Store with s3rver behind a proxy that adds conditional writes', openFixture);
  // Otherwise this is what s3-store.spec.ts runs.
  if (process.env.S3_ENDPOINT !== undefined) {
    describeStore('S3Store with s3rver', openFixtureOfNone);
    describeFailedPuts('S3Store with s3rver', openFixtureOfNone);
  }
});

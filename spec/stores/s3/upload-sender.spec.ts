import { Readable } from 'node:stream';

import { expect } from 'chai';

import type { S3Api } from '../../../lib/stores/s3/s3-api.js';
import { S3Capabilities } from '../../../lib/stores/s3/s3-capabilities.js';
import { S3Store } from '../../../lib/stores/s3/s3-store.js';
import type { ChecksumOption } from '../../../lib/stores/s3/s3-store-options.js';
import { UploadDigests } from '../../../lib/stores/s3/upload-digests.js';
import { UploadSender } from '../../../lib/stores/s3/upload-sender.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FaultProxy, type SeenRequest } from '../../support/fault-proxy.js';
import { storeError } from '../../support/memory-store.js';
import type { S3Operation } from '../../support/s3-operation.js';
import { type S3Server, startEmbeddedS3 } from '../../support/s3-server.js';
import { chunks, MIB } from '../../support/store-tools.js';

/** The digest in a request's headers. */
type Carried = 'crc32' | 'md5' | 'nothing';

describe('UploadSender', () => {
  let server: S3Server;
  let proxy: FaultProxy;
  let bucket: string;
  let store: S3Store;

  before(async () => {
    server = await startEmbeddedS3();
    bucket = await server.createBucket();
  });

  after(() => server.stop());

  beforeEach(async () => {
    proxy = await FaultProxy.start(server.endpoint);
  });

  afterEach(async () => {
    await store.close();
    await proxy.stop();
  });

  function open(checksum?: ChecksumOption): void {
    const { region, credentials } = server;
    store = new S3Store(`s3://${bucket}`, {
      endpoint: proxy.endpoint,
      region,
      credentials,
      partBytes: '5 MiB',
      ...(checksum !== undefined && { checksum }),
    });
  }

  async function putSmall(): Promise<void> {
    await store.put('small', Readable.from(['12345']));
  }

  async function putLarge(): Promise<void> {
    await store.put('large', Readable.from(chunks(11)));
  }

  function carried(operation: S3Operation): Carried[] {
    return proxy.requests.filter((request) => request.operation === operation).map(carriedBy);
  }

  it('tries CRC-32, and uses Content-MD5 from then on when the service ignores it', async () => {
    open();
    await putSmall();
    await putSmall();
    await putLarge();
    expect(carried('PutObject')).to.deep.equal(['crc32', 'md5']);
    expect(carried('UploadPart')).to.deep.equal(['md5', 'md5', 'md5']);
  });

  for (const [status, code] of [
    [400, 'InvalidRequest'],
    [501, 'NotImplemented'],
  ] as const) {
    it(`repeats the request with Content-MD5 when the service refuses CRC-32 with ${status}, and remembers`, async () => {
      open();
      proxy.inject('PutObject', { kind: 'answer', status, code });
      await putSmall();
      await putSmall();
      expect(carried('PutObject')).to.deep.equal(['crc32', 'md5', 'md5']);
    });
  }

  it('creates an upload without a checksum when the service refuses CRC-32', async () => {
    open();
    proxy.inject('CreateMultipartUpload', { kind: 'answer', status: 501, code: 'NotImplemented' });
    await putLarge();
    const created = proxy.requests.filter(({ operation }) => operation === 'CreateMultipartUpload');
    const algorithms = created.map(({ headers }) => headers['x-amz-checksum-algorithm']);
    expect(algorithms).to.deep.equal(['CRC32', undefined]);
    expect(carried('UploadPart')).to.deep.equal(['md5', 'md5', 'md5']);
  });

  it('draws no conclusion about checksums from another failure', async () => {
    open();
    proxy.inject('PutObject', { kind: 'answer', status: 403, code: 'AccessDenied' });
    await putSmall().then(
      () => expect.fail('it was put'),
      (error) => expect(error).to.include({ storeCode: 'AccessDenied' }),
    );
    await putSmall();
    expect(carried('PutObject')).to.deep.equal(['crc32', 'crc32']);
  });

  for (const [option, carries] of [
    ['crc32', 'crc32'],
    ['md5', 'md5'],
    ['none', 'nothing'],
  ] as const) {
    it(`sends ${carries} each time with the option '${option}'`, async () => {
      open(option);
      await putSmall();
      await putSmall();
      await putLarge();
      expect(carried('PutObject')).to.deep.equal([carries, carries]);
      expect(carried('UploadPart')).to.deep.equal([carries, carries, carries]);
    });
  }

  it('stores an object in a service that takes one part at a time', async () => {
    open();
    proxy.mostParts = 1;
    await store.put('large', Readable.from(chunks(21)));
    expect(await store.head('large')).to.include({ bytes: 21 * MIB });
    const statuses = proxy.requests
      .filter(({ operation }) => operation === 'UploadPart')
      .map(({ status }) => status);
    expect(statuses).to.include(503);
    expect(statuses.filter((status) => status === 200)).to.have.length(5);
  }).timeout(120_000);
});

describe('UploadSender, without a service', () => {
  it('draws no conclusion about checksums from an answer that is lost', async () => {
    for (const checksums of ['unknown', 'kept'] as const) {
      const capabilities = new S3Capabilities();
      capabilities.checksums = checksums;
      const lost = storeError(true);
      const sender = new UploadSender(apiThatFails(lost), {
        checksum: 'auto',
        capabilities,
        clock: new FakeClock(),
        digests: new UploadDigests(),
        ended: new AbortController().signal,
        toStoreError: () => lost,
        mismatch: () => lost,
        isStored: async () => true,
      });
      await sender.putObject({ Bucket: 'b', Key: 'k', Body: Buffer.from('12345') });
      expect(capabilities.checksums).to.equal(checksums);
    }
  });
});

/** An API whose every request fails. */
function apiThatFails(error: Error): S3Api {
  const fail = () => Promise.reject(error);
  return {
    headBucket: fail,
    headObject: fail,
    getObject: fail,
    deleteObject: fail,
    listObjectsV2: fail,
    listMultipartUploads: fail,
    putObject: fail,
    createMultipartUpload: fail,
    uploadPart: fail,
    completeMultipartUpload: fail,
    abortMultipartUpload: fail,
    destroy: () => {},
  };
}

function carriedBy({ headers }: SeenRequest): Carried {
  if (headers['x-amz-checksum-crc32'] !== undefined) return 'crc32';
  return headers['content-md5'] === undefined ? 'nothing' : 'md5';
}

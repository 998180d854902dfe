import { Readable } from 'node:stream';

import { expect } from 'chai';

import { S3Store } from '../../../lib/stores/s3/s3-store.js';
import {
  endpointOf,
  readS3StoreOptions,
  toS3Attributes,
} from '../../../lib/stores/s3/s3-store-options.js';
import { FaultProxy } from '../../support/fault-proxy.js';
import { type S3Server, startEmbeddedS3 } from '../../support/s3-server.js';
import { chunks } from '../../support/store-tools.js';

describe('readS3StoreOptions', () => {
  const keys = { accessKeyId: 'id', secretAccessKey: 'very secret' };

  it('takes keys, or a function that gives them', () => {
    expect(readS3StoreOptions({ credentials: keys })).to.deep.equal({ credentials: keys });
    const credentials = async () => keys;
    expect(readS3StoreOptions({ credentials })).to.deep.equal({ credentials });
  });

  const wrong: ReadonlyArray<readonly [option: object, kind: ErrorConstructor, message: string]> = [
    [{ endpiont: 'x' }, TypeError, 'unknown option "endpiont": did you mean "endpoint"?'],
    [{ endpoint: 'localhost:9000' }, RangeError, 'expected one such as http://localhost:9000'],
    [{ endpoint: 'http://a b' }, RangeError, 'endpoint is not a URL'],
    [{ endpoint: 'http://u:p@host' }, RangeError, 'expected no user, password, query or fragment'],
    [{ endpoint: 'http://host/?x=1' }, RangeError, 'expected no user, password, query or fragment'],
    [
      { credentials: { accessKeyId: 'a', secretAccesKey: 'hunter2' } },
      TypeError,
      'unknown option "credentials.secretAccesKey": did you mean "credentials.secretAccessKey"?',
    ],
    [
      { credentials: { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 5 } },
      TypeError,
      'credentials.sessionToken is number, expected text',
    ],
    [
      { credentials: { accessKeyId: 'a', secretAccessKey: 'b', expiration: '2027-01-01' } },
      TypeError,
      "credentials.expiration is '2027-01-01', expected a Date",
    ],
    [{ endpoint: 9000 }, TypeError, 'endpoint is 9000, expected text'],
    [{ forcePathStyle: 'false' }, TypeError, 'forcePathStyle is "false", expected true or false'],
    [{ checksum: 'sha256' }, TypeError, `checksum is "sha256", expected 'auto', 'crc32'`],
    [{ encryption: 'AES256' }, TypeError, "encryption is 'AES256', expected 'SSE-S3'"],
    [{ encryption: { kmsKey: 'k' } }, TypeError, 'did you mean "encryption.kmsKeyId"?'],
    [{ tags: ['a'] }, TypeError, "tags is [ 'a' ], expected an object of strings"],
    [{ metadata: { a: 1 } }, TypeError, 'metadata is { a: 1 }, expected an object of strings'],
    [{ credentials: 'very secret' }, TypeError, 'credentials is string, expected keys'],
    [
      { credentials: { accessKeyId: 'very secret' } },
      TypeError,
      'credentials.secretAccessKey is missing',
    ],
  ];
  for (const [option, kind, message] of wrong) {
    it(`refuses ${JSON.stringify(option)}`, () => {
      const make = () => new S3Store('s3://bucket', option);
      expect(make).to.throw(kind, message);
      expect(make).to.not.throw(/very secret/);
    });
  }
});

describe('endpointOf', () => {
  const { S3_ENDPOINT: before } = process.env;

  afterEach(() => {
    if (before === undefined) delete process.env.S3_ENDPOINT;
    else process.env.S3_ENDPOINT = before;
  });

  it('is that of the options, else that of the environment', () => {
    process.env.S3_ENDPOINT = 'http://localhost:9000';
    expect(endpointOf({})).to.equal('http://localhost:9000');
    expect(endpointOf({ endpoint: 'https://s3.example' })).to.equal('https://s3.example');
    process.env.S3_ENDPOINT = '';
    expect(endpointOf({})).to.equal(undefined);
  });

  it('refuses text in S3_ENDPOINT that is not a URL', () => {
    process.env.S3_ENDPOINT = 'localhost:9000';
    expect(() => new S3Store('s3://bucket')).to.throw(RangeError, 'S3_ENDPOINT is not a URL');
  });
});

describe('toS3Attributes', () => {
  it('is empty without options', () => {
    expect(toS3Attributes({})).to.deep.equal({});
  });

  it('spells each kind of encryption', () => {
    const kinds = ['SSE-S3', 'SSE-KMS', { kmsKeyId: 'k' }] as const;
    expect(kinds.map((encryption) => toS3Attributes({ encryption }))).to.deep.equal([
      { ServerSideEncryption: 'AES256' },
      { ServerSideEncryption: 'aws:kms' },
      { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'k' },
    ]);
  });

  it('encodes tags as a query', () => {
    const tags = { team: 'a & b', kind: 'é=1' };
    expect(toS3Attributes({ tags })).to.deep.equal({ Tagging: 'team=a+%26+b&kind=%C3%A9%3D1' });
  });

  describe('in a store', () => {
    let server: S3Server;
    let proxy: FaultProxy;
    let store: S3Store;

    before(async () => {
      server = await startEmbeddedS3();
      proxy = await FaultProxy.start(server.endpoint);
      const { region, credentials } = server;
      store = new S3Store(`s3://${await server.createBucket()}`, {
        endpoint: proxy.endpoint,
        region,
        credentials: async () => credentials,
        encryption: { kmsKeyId: 'key-1' },
        storageClass: 'STANDARD_IA',
        tags: { team: 'audit' },
        metadata: { origin: 'store', who: 'store' },
      });
    });

    after(async () => {
      await store.close();
      await proxy.stop();
      await server.stop();
    });

    for (const [operation, body] of [
      ['PutObject', () => ['12345']],
      ['CreateMultipartUpload', () => chunks(9)],
    ] as const) {
      it(`are sent with ${operation}`, async () => {
        const { metadata } = await store.put(operation, Readable.from(body()), {
          contentType: 'application/gzip',
          metadata: { who: 'put' },
        });
        const seen = proxy.requests.find((request) => request.operation === operation);
        expect(seen?.headers).to.include({
          'x-amz-server-side-encryption': 'aws:kms',
          'x-amz-server-side-encryption-aws-kms-key-id': 'key-1',
          'x-amz-storage-class': 'STANDARD_IA',
          'x-amz-tagging': 'team=audit',
          'x-amz-meta-origin': 'store',
          'x-amz-meta-who': 'put',
          'content-type': 'application/gzip',
        });
        expect(metadata).to.deep.equal({ origin: 'store', who: 'put' });
      });
    }
  });
});

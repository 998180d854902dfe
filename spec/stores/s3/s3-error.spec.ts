import { inspect } from 'node:util';

import { expect } from 'chai';

import { StoreError } from '../../../lib/errors/store-error.js';
import { httpStatusOf, toStoreError } from '../../../lib/stores/s3/s3-error.js';

const request = {
  operation: 'put',
  target: 's3://bucket/a.gz',
  bucket: 'bucket',
  endpoint: 'http://127.0.0.1:9000',
  credentials: 'the option credentials',
};

/** An error as the SDK throws it, with a name and the status of the answer. */
function sdkError(name: string, status?: number, message = 'Some text.', code?: string): Error {
  return Object.assign(new Error(message), {
    name,
    ...(status !== undefined && { $metadata: { httpStatusCode: status } }),
    ...(code !== undefined && { code }),
  });
}

describe('toStoreError', () => {
  it('keeps the cause, and names the operation and its target', () => {
    const cause = sdkError('InternalError', 500, 'We encountered an internal error.');
    const error = toStoreError(cause, request);
    expect(error).to.be.instanceOf(StoreError);
    expect(error).to.include({ operation: 'put', target: 's3://bucket/a.gz', cause });
    expect(error.message).to.equal(
      'cannot put s3://bucket/a.gz: we encountered an internal error (InternalError)',
    );
  });

  it('returns a StoreError as it is', () => {
    const error = new StoreError({ operation: 'put', target: 'a', problem: 'b', transient: true });
    expect(toStoreError(error, request)).to.equal(error);
  });

  const hinted: [error: Error, storeCode: string, problem: string | RegExp][] = [
    [
      sdkError('NoSuchBucket', 404),
      'NoSuchBucket',
      /bucket bucket does not exist; create it first$/,
    ],
    [sdkError('NoSuchKey', 404), 'NoSuchKey', /there is no such object$/],
    [sdkError('SignatureDoesNotMatch', 403), 'SignatureDoesNotMatch', /; check AWS_ACCESS_KEY_ID/],
    [sdkError('InvalidAccessKeyId', 403), 'InvalidAccessKeyId', /; check AWS_ACCESS_KEY_ID/],
    [sdkError('AccessDenied', 403), 'AccessDenied', /; check AWS_ACCESS_KEY_ID/],
    [
      sdkError('403', 403, 'UnknownError'),
      'AccessDenied',
      /answered 403 and no more \(AccessDenied\) with the credentials of the option credentials; check AWS_A/,
    ],
    [
      sdkError('301', 301, 'UnknownError'),
      'HTTP 301',
      /answered 301 and no more .* credentials of the option credentials; check AWS_REGION or the/,
    ],
    [
      Object.assign(sdkError('400', 400, 'UnknownError'), {
        $response: { headers: { 'x-amz-bucket-region': 'eu-west-1' } },
      }),
      'HTTP 400',
      /answered 400 and no more .*; the bucket is in "eu-west-1"; check .* AWS_SESSION_TOKEN has exp/,
    ],
    [
      sdkError('401', 401, 'UnknownError'),
      'HTTP 401',
      /credentials of .*; check AWS_ACCESS_KEY_ID/,
    ],
    [
      sdkError('NotFound', 404, 'UnknownError'),
      'NotFound',
      /http:\/\/127.0.0.1:9000 has no bucket bucket: create it, or check the endpoint$/,
    ],
    [
      sdkError('Error', undefined, 'SSL routines', 'EPROTO'),
      'EPROTO',
      /cannot talk to .* is it https or http\?$/,
    ],
    [
      sdkError('Error', undefined, 'Resolved credential object is not valid'),
      'Error',
      /not valid \(Error\) with the credentials of the option credentials$/,
    ],
    [sdkError('Whatever', 403), 'Whatever', /; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY$/],
    [sdkError('ExpiredToken', 400), 'ExpiredToken', /; check AWS_SESSION_TOKEN$/],
    [
      sdkError('RequestTimeTooSkewed', 403),
      'RequestTimeTooSkewed',
      /; check this computer's clock$/,
    ],
    [sdkError('AuthorizationHeaderMalformed', 400), 'AuthorizationHeaderMalformed', /AWS_REGION$/],
    [
      sdkError('CredentialsProviderError'),
      'CredentialsProviderError',
      /no credentials: set AWS_ACC/,
    ],
    [sdkError('Error', undefined, 'Region is missing'), 'Error', /no region: set AWS_REGION$/],
  ];
  for (const [cause, storeCode, problem] of hinted) {
    it(`says what to do about ${cause.name}, which another attempt cannot help`, () => {
      const error = toStoreError(cause, request);
      expect(error.message).to.match(problem instanceof RegExp ? problem : new RegExp(problem));
      expect(error).to.include({ storeCode, transient: false });
    });
  }

  it('asks about the endpoint when no service listens there', () => {
    const error = toStoreError(sdkError('AggregateError', undefined, '', 'ECONNREFUSED'), request);
    expect(error.message).to.equal(
      'cannot put s3://bucket/a.gz: cannot reach http://127.0.0.1:9000 (ECONNREFUSED); is the endpoint right?',
    );
    expect(error).to.include({ storeCode: 'ECONNREFUSED', transient: true });
  });

  for (const code of [
    'ECONNRESET',
    'ECONNREFUSED',
    'ETIMEDOUT',
    'EPIPE',
    'ENOTFOUND',
    'EAI_AGAIN',
  ]) {
    it(`calls ${code} transient, also as the TimeoutError that the SDK makes of some codes`, () => {
      for (const name of ['Error', 'TimeoutError']) {
        const error = toStoreError(sdkError(name, undefined, 'x', code), request);
        expect(error).to.include({ storeCode: code, transient: true });
      }
    });
  }

  const verdicts: [name: string, status: number | undefined, transient: boolean][] = [
    ['InternalError', 500, true],
    ['UnknownError', 502, true],
    ['SlowDown', 503, true],
    ['Whatever', 503, true],
    ['TooManyRequests', 429, true],
    ['RequestTimeout', 400, true],
    ['Whatever', 408, true],
    ['TimeoutError', undefined, true],
    ['NotImplemented', 501, false],
    ['AbortError', undefined, false],
    ['InvalidRequest', 400, false],
    ['PreconditionFailed', 412, false],
    ['TypeError', undefined, false],
  ];
  for (const [name, status, transient] of verdicts) {
    const answer = status === undefined ? 'without an answer' : `with HTTP ${status}`;
    it(`calls ${name} ${answer} ${transient ? 'transient' : 'lasting'}`, () => {
      expect(toStoreError(sdkError(name, status), request).transient).to.equal(transient);
    });
  }

  it('accepts values that are not errors', () => {
    for (const thrown of [undefined, null, 'text', 7]) {
      expect(toStoreError(thrown, request)).to.include({ cause: thrown, transient: false });
    }
  });
});

describe('httpStatusOf', () => {
  it('is the status of the answer, or undefined', () => {
    expect(httpStatusOf(sdkError('a', 404))).to.equal(404);
    expect(httpStatusOf(sdkError('a'))).to.equal(undefined);
    expect(httpStatusOf(undefined)).to.equal(undefined);
  });
});

describe('the cause of a StoreError', () => {
  it('has none of the details that the SDK adds: the answer, and the request that was signed', () => {
    const cause = Object.assign(sdkError('SignatureDoesNotMatch', 403, 'x'.repeat(1e6)), {
      CanonicalRequest: 'GET\n/\nx-amz-security-token:hunter2',
      StringToSignBytes: '41 57',
      $fault: 'client',
      code: 'ECONNRESET',
    });
    Object.defineProperty(cause, '$response', { value: 'hunter2', configurable: true });
    const shown = inspect(toStoreError(cause, request), { showHidden: true, depth: 10 });
    expect(shown).to.not.match(/hunter2|StringToSign/);
    expect(shown.length).to.be.below(40_000);
    expect(cause).to.deep.include({ $metadata: { httpStatusCode: 403 }, $fault: 'client' });
  });
});

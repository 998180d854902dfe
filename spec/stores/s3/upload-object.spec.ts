import { expect } from 'chai';

import { PartMemory } from '../../../lib/stores/s3/part-memory.js';
import type { UploadRequests, WriteAnswer } from '../../../lib/stores/s3/s3-api.js';
import { uploadObject } from '../../../lib/stores/s3/upload-object.js';
import { iterate, settle } from '../../streams/stream-tools.js';
import { rejection } from '../../support/store-tools.js';

/** Requests of which the parts are answered when the spec says so. */
class HeldRequests implements UploadRequests {
  readonly sent: string[] = [];
  readonly parts: { readonly answer: () => void; readonly fail: (error: Error) => void }[] = [];

  async putObject({ Body }: { readonly Body?: unknown }): Promise<WriteAnswer> {
    this.sent.push(`put ${Body}`);
    return { ETag: 'whole' };
  }

  async createMultipartUpload() {
    this.sent.push('create');
    return { UploadId: 'id' };
  }

  uploadPart({ Body, PartNumber }: { Body?: unknown; PartNumber?: number | undefined }) {
    this.sent.push(`part ${PartNumber} ${Body}`);
    return new Promise<WriteAnswer>((resolve, fail) => {
      this.parts.push({ answer: () => resolve({ ETag: `e${PartNumber}` }), fail });
    });
  }

  async completeMultipartUpload(input: {
    readonly MultipartUpload?:
      | { readonly Parts?: readonly { readonly ETag?: string | undefined }[] | undefined }
      | undefined;
  }): Promise<WriteAnswer> {
    this.sent.push(`complete ${input.MultipartUpload?.Parts?.map(({ ETag }) => ETag)}`);
    return { ETag: 'all' };
  }

  async abortMultipartUpload() {
    this.sent.push('abort');
  }
}

describe('uploadObject', () => {
  const object = { Bucket: 'b', Key: 'k' };

  function upload(requests: UploadRequests, body: string, partBytes = 2, concurrentParts = 2) {
    const memory = new PartMemory(partBytes);
    const chunks = iterate([Buffer.from(body)]);
    return uploadObject({ object, body: chunks, partBytes, concurrentParts, memory, requests });
  }

  it('stores a body of up to one part by one request', async () => {
    for (const body of ['', 'a', 'ab']) {
      const requests = new HeldRequests();
      expect(await upload(requests, body)).to.deep.equal({ ETag: 'whole' });
      expect(requests.sent).to.deep.equal([`put ${body}`]);
    }
  });

  it('sends so many parts at a time, and completes them in their order', async () => {
    const requests = new HeldRequests();
    const done = upload(requests, 'abcdefg');
    await settle();
    expect(requests.sent).to.deep.equal(['create', 'part 1 ab', 'part 2 cd']);
    requests.parts[1]?.answer();
    await settle();
    expect(requests.sent.at(-1)).to.equal('part 3 ef');
    requests.parts[2]?.answer();
    await settle();
    requests.parts[3]?.answer();
    await settle();
    expect(requests.sent.at(-1)).to.equal('part 4 g');
    requests.parts[0]?.answer();
    expect(await done).to.deep.equal({ ETag: 'all' });
    expect(requests.sent.at(-1)).to.equal('complete e1,e2,e3,e4');
  });

  it('aborts the upload after a failed part, when no request is in flight any more', async () => {
    const requests = new HeldRequests();
    const failed = rejection(upload(requests, 'abcdefg'));
    await settle();
    const failure = new Error('refused');
    requests.parts[1]?.fail(failure);
    await settle();
    expect(requests.sent).to.not.include('abort');
    requests.parts[0]?.answer();
    expect(await failed).to.equal(failure);
    expect(requests.sent).to.deep.equal(['create', 'part 1 ab', 'part 2 cd', 'abort']);
  });

  it('aborts the upload when completing it fails, and reports that failure', async () => {
    const failure = new Error('not now');
    class Failing extends HeldRequests {
      override uploadPart = async () => ({ ETag: 'e' });
      override completeMultipartUpload = () => Promise.reject(failure);
      override async abortMultipartUpload() {
        await super.abortMultipartUpload();
        throw new Error('neither');
      }
    }
    const requests = new Failing();
    expect(await rejection(upload(requests, 'abc'))).to.equal(failure);
    expect(requests.sent).to.deep.equal(['create', 'abort']);
  });

  it('refuses more parts than S3 takes', async () => {
    class Quick extends HeldRequests {
      override uploadPart = async () => ({ ETag: 'e' });
    }
    const requests = new Quick();
    const error = await rejection(upload(requests, 'x'.repeat(10_001), 1));
    expect(error)
      .to.be.instanceOf(RangeError)
      .with.property('message')
      .that.includes('10000 parts');
    expect(requests.sent).to.deep.equal(['create', 'abort']);
  });
});

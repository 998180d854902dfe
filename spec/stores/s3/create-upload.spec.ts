import { expect } from 'chai';

import { createUpload } from '../../../lib/stores/s3/create-upload.js';
import type { S3Api } from '../../../lib/stores/s3/s3-api.js';
import { S3Capabilities } from '../../../lib/stores/s3/s3-capabilities.js';
import { FakeClock } from '../../support/fake-clock.js';
import { rejection } from '../../support/store-tools.js';

const clock = new FakeClock();
const input = { Bucket: 'bucket', Key: 'a' };

/** A service in memory that knows only uploads. */
class Uploads {
  readonly unfinished = new Map<string, { readonly key: string; readonly createdMs: number }>();
  lostAnswers = 0;
  canList = true;
  readonly api = {
    createMultipartUpload: async ({ Key = '' }) => {
      const UploadId = this.add(Key, clock.now());
      if (this.lostAnswers-- > 0) throw Object.assign(new Error('lost'), { code: 'ECONNRESET' });
      return { UploadId };
    },
    listMultipartUploads: async () => {
      if (!this.canList) throw new Error('not now');
      const Uploads = [...this.unfinished].map(([UploadId, { createdMs, key: Key }]) => ({
        ...{ Key, UploadId },
        Initiated: new Date(createdMs),
      }));
      return { $metadata: {}, Uploads };
    },
    abortMultipartUpload: async ({ UploadId = '' }) => this.unfinished.delete(UploadId),
  } as Partial<S3Api> as S3Api;
  #added = 0;

  add(key: string, createdMs: number): string {
    const id = `upload-${++this.#added}`;
    this.unfinished.set(id, { key, createdMs });
    return id;
  }
}

describe('createUpload', () => {
  let uploads: Uploads;
  let capabilities: S3Capabilities;

  beforeEach(() => {
    uploads = new Uploads();
    capabilities = new S3Capabilities();
  });

  const create = () => createUpload(uploads.api, input, { capabilities, clock, signal: undefined });

  it('leaves no upload whose creation was never answered, however often', async () => {
    for (const lost of [0, 1, 2]) {
      uploads.lostAnswers = lost;
      const { UploadId } = await create();
      expect([...uploads.unfinished.keys()]).to.deep.equal([UploadId]);
      uploads.unfinished.clear();
    }
    uploads.lostAnswers = 9;
    expect(await rejection(create())).to.have.property('code', 'ECONNRESET');
    expect(uploads.unfinished).to.have.property('size', 0);
  });

  it('leaves uploads of other keys and earlier ones alone', async () => {
    const others = [uploads.add('ab', clock.now()), uploads.add('a', clock.now() - 3_600_000)];
    uploads.lostAnswers = 1;
    const { UploadId } = await create();
    expect([...uploads.unfinished.keys()]).to.deep.equal([...others, UploadId]);
  });

  it('looks for the upload before the next put, if it could not be found at once', async () => {
    uploads.lostAnswers = 3;
    uploads.canList = false;
    await rejection(create());
    expect(uploads.unfinished).to.have.property('size', 3);
    uploads.canList = true;
    const { UploadId } = await create();
    expect([...uploads.unfinished.keys()]).to.deep.equal([UploadId]);
  });
});

import { randomBytes } from 'node:crypto';

import type { ObjectInput, S3Api } from './s3-api.js';
import { httpStatusOf } from './s3-error.js';
import type { S3Attributes } from './s3-store-options.js';

/** Where the probe object is written, and with which attributes. */
export interface ProbeTarget {
  readonly bucket: string;
  readonly prefix: string;
  readonly attributes: S3Attributes;
}

/** Makes a request write only where there is no object (RFC 9110, section 13.1.2). */
const UNLESS_TAKEN = { IfNoneMatch: '*' };

/**
 * Finds out whether a service refuses to replace an object when the request asks it to, both for a
 * put in one request and for a multipart upload: some services accept the header and ignore it.
 * Writes an empty object under a key of its own and deletes it. A service that refuses any of these
 * requests counts as one without conditional writes.
 *
 * @throws the error of a request that failed for a reason that says nothing about the service
 */
export async function hasConditionalWrites(api: S3Api, target: ProbeTarget): Promise<boolean> {
  const Key = `${target.prefix}.shoebox-probe-${randomBytes(8).toString('hex')}`;
  const object: ObjectInput = { ...target.attributes, Bucket: target.bucket, Key };
  const put = () => api.putObject({ ...object, ...UNLESS_TAKEN, Body: Buffer.alloc(0) });
  if ((await outcomeOf(put)) !== 'done') return false;
  try {
    if ((await outcomeOf(put)) !== 'taken') return false;
    return (await outcomeOf(() => putInParts(api, object))) === 'taken';
  } finally {
    // Where deleting is forbidden, the empty object stays.
    await api.deleteObject({ Bucket: object.Bucket, Key }).catch(() => {});
  }
}

type Outcome = 'done' | 'taken' | 'refused';

async function outcomeOf(write: () => Promise<unknown>): Promise<Outcome> {
  try {
    await write();
    return 'done';
  } catch (error) {
    const status = httpStatusOf(error);
    if (status === 412) return 'taken';
    if (status === 501 || status === 400 || status === 403 || status === 405) return 'refused';
    throw error;
  }
}

/** A multipart upload of one part: the last part may have any size. */
async function putInParts(api: S3Api, object: ObjectInput): Promise<void> {
  const { Bucket, Key } = object;
  const { UploadId } = await api.createMultipartUpload(object);
  const upload = { Bucket, Key, UploadId };
  try {
    const { ETag } = await api.uploadPart({ ...upload, PartNumber: 1, Body: Buffer.from('.') });
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    await api.completeMultipartUpload({ ...upload, ...UNLESS_TAKEN, MultipartUpload });
  } finally {
    // After a completion there is no upload to abort.
    await api.abortMultipartUpload(upload).catch(() => {});
  }
}

import { abortUploadsOf } from './abort-uploads-of.js';
import type { ObjectInput, S3Api } from './s3-api.js';
import { httpStatusOf, isS3Error } from './s3-error.js';
import type { S3Attributes } from './s3-store-options.js';

/** Where the probe object is written, and with which attributes. */
export interface ProbeTarget {
  readonly bucket: string;
  readonly prefix: string;
  readonly attributes: S3Attributes;
}

/** Makes a request write only where there is no object (RFC 9110, section 13.1.2). */
const UNLESS_TAKEN = { IfNoneMatch: '*' };

/** The key of the probe object below a prefix. One only, so that the next probe removes it. */
const PROBE_NAME = '.shoebox-probe';

/**
 * Another host may remove the probe object or upload of this one: then the service seems to ignore
 * conditions.
 */
const ROUNDS = 2;

/** Whether a key is that of a probe object, below whichever prefix: listings leave it out. */
export function isProbeKey(key: string): boolean {
  return key === PROBE_NAME || key.endsWith(`/${PROBE_NAME}`);
}

/**
 * Finds out whether a service refuses to replace an object when the request asks it to, both for a
 * put in one request and for a multipart upload: some services accept the header and ignore it.
 * Writes an empty object under a fixed key, and deletes it together with what a process that died
 * in its probe has left. A service that refuses any of these requests counts as one without
 * conditional writes.
 *
 * @throws the error of a request that failed for a reason that says nothing about the service
 */
export async function hasConditionalWrites(
  api: S3Api,
  target: ProbeTarget,
  signal: AbortSignal,
): Promise<boolean> {
  const Key = target.prefix + PROBE_NAME;
  const object: ObjectInput = { ...target.attributes, Bucket: target.bucket, Key };
  const put = () => api.putObject({ ...object, ...UNLESS_TAKEN, Body: Buffer.alloc(0) }, signal);
  // Where uploads cannot be listed, what a dead process left stays until the service removes it.
  await abortUploadsOf(api, object, { signal }).catch(() => {});
  if ((await outcomeOf(put)) === 'refused') return false;
  try {
    for (let round = 1; round <= ROUNDS; round++) {
      if ((await outcomeOf(put)) !== 'taken') continue;
      const inParts = await outcomeOf(() => putInParts(api, object, signal));
      if (inParts === 'taken') return true;
      if (inParts === 'refused') return false;
    }
    return false;
  } finally {
    // Where deleting is forbidden, the empty object stays.
    await api.deleteObject({ Bucket: object.Bucket, Key }, signal).catch(() => {});
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
    if (isS3Error(error, 'NoSuchUpload')) return 'done';
    if (status === 501 || status === 400 || status === 403 || status === 405) return 'refused';
    throw error;
  }
}

/** A multipart upload of one part: the last part may have any size. */
async function putInParts(api: S3Api, object: ObjectInput, signal: AbortSignal): Promise<void> {
  const { Bucket, Key } = object;
  const { UploadId } = await api.createMultipartUpload(object, signal);
  const upload = { Bucket, Key, UploadId };
  try {
    const part = { ...upload, PartNumber: 1, Body: Buffer.from('.') };
    const { ETag } = await api.uploadPart(part, signal);
    const MultipartUpload = { Parts: [{ ETag, PartNumber: 1 }] };
    await api.completeMultipartUpload({ ...upload, ...UNLESS_TAKEN, MultipartUpload }, signal);
  } finally {
    // After a completion there is no upload to abort.
    await api.abortMultipartUpload(upload, signal).catch(() => {});
  }
}

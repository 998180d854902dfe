import { ArchiveError } from '../errors/archive-error.js';
import { StoreError } from '../errors/store-error.js';
import { isTransient, systemCodeOf } from '../files/system-error.js';

/**
 * What another attempt may bring after a failure.
 *
 * - `'may pass'`: a success, sooner or later
 * - `'doubtful'`: most likely the same failure, until a person changes a setting; but a flipped bit,
 *   a new key or a new bucket that not every server of the service knows yet, look the same
 * - `'final'`: the same failure
 */
export type FailureOutlook = 'may pass' | 'doubtful' | 'final';

/** Codes of stores and SDKs that mostly say that a setting is wrong, such as no region (`Error`). */
const DOUBTFUL_CODES: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccountProblem',
  'AllAccessDisabled',
  'AuthorizationHeaderMalformed',
  'CredentialsProviderError',
  'EntityTooLarge',
  'Error',
  'InvalidAccessKeyId',
  'InvalidArgument',
  'InvalidBucketName',
  'InvalidStorageClass',
  'KeyTooLongError',
  'MethodNotAllowed',
  'NoSuchBucket',
  'NotImplemented',
  'PermanentRedirect',
  'RangeError',
  'SignatureDoesNotMatch',
  'TokenProviderError',
  'TypeError',
  'XAdminUserNotFound',
]);

/** Judges why an archive was not shipped. */
export function outlookOf(error: unknown): FailureOutlook {
  if (error instanceof StoreError) {
    const { storeCode = '', transient } = error;
    if (transient) return 'may pass';
    // The code of a system call that is not transient, as of a directory store.
    const isDoubtful = DOUBTFUL_CODES.has(storeCode) || systemCodeOf(error.cause) === storeCode;
    return isDoubtful ? 'doubtful' : 'may pass';
  }
  if (systemCodeOf(error) !== undefined) return isTransient(error) ? 'may pass' : 'doubtful';
  const isMisuse = error instanceof TypeError || error instanceof RangeError;
  // A user's own store may throw anything.
  return isMisuse || error instanceof ArchiveError ? 'final' : 'may pass';
}

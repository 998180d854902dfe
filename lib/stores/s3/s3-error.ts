import { isError } from '../../errors/is-error.js';
import { quote, toMessage } from '../../errors/show.js';
import { StoreError } from '../../errors/store-error.js';

/** The request that failed. */
export interface S3Request {
  readonly operation: string;
  readonly target: string;
  readonly bucket: string;
  /** Undefined for AWS itself. */
  readonly endpoint: string | undefined;
  /** Where the credentials come from, such as `AWS_ACCESS_KEY_ID`; never their values. */
  readonly credentials: string;
}

interface S3Failure {
  /** S3's code, the code of a system error, or the name of an SDK error. */
  readonly code: string;
  /** The HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;
  /** The message, without a full stop, its first letter in lower case. */
  readonly says: string;
  /** The region of the bucket, which some services name. */
  readonly bucketRegion: string | undefined;
}

const UNREACHABLE: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

const TRANSIENT_CODES: ReadonlySet<string> = new Set([
  ...UNREACHABLE,
  'ECONNRESET',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EPIPE',
  'TimeoutError',
  'IncompleteBody',
  'RequestTimeout',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'InternalError',
  'ServiceUnavailable',
  // Two requests for the same key at the same moment.
  'ConditionalRequestConflict',
  'OperationAborted',
]);

const CHECK_KEYS = 'check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';

/** Codes by which a service refuses the credentials, or does not let them do what was asked. */
const REFUSALS: ReadonlySet<string> = new Set([
  'InvalidAccessKeyId',
  'XAdminUserNotFound',
  'SignatureDoesNotMatch',
  'AccessDenied',
  'InvalidToken',
  'ExpiredToken',
]);

/** Real codes have at most 40. */
const MOST_CODE_CHARACTERS = 80;

/** Advice for each code, which follows S3's own message. */
const HINTS: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: CHECK_KEYS,
  // InvalidAccessKeyId, as the Versity S3 Gateway calls it.
  XAdminUserNotFound: CHECK_KEYS,
  SignatureDoesNotMatch: CHECK_KEYS,
  AccessDenied: `${CHECK_KEYS}, and what they may do`,
  InvalidToken: 'check AWS_SESSION_TOKEN',
  ExpiredToken: 'check AWS_SESSION_TOKEN',
  RequestTimeTooSkewed: "check this computer's clock",
  AuthorizationHeaderMalformed: 'check AWS_REGION',
  PermanentRedirect: 'check AWS_REGION',
};

const CHECK_REGION = 'check AWS_REGION or the option region, and the endpoint';

/**
 * Advice for an answer that says nothing but its status. HEAD has no body, so services answer it
 * like that whatever is wrong.
 */
const BARE_HINTS: Readonly<Record<number, string>> = {
  301: CHECK_REGION,
  302: CHECK_REGION,
  307: CHECK_REGION,
  308: CHECK_REGION,
  400: `${CHECK_REGION}, and whether AWS_SESSION_TOKEN has expired`,
  401: CHECK_KEYS,
};

/** Turns an error of the AWS SDK, or of the network below it, into a `StoreError`. */
export function toStoreError(error: unknown, request: S3Request): StoreError {
  if (error instanceof StoreError) return error;
  const failure = failureOf(error);
  takeDetailsOut(error);
  return new StoreError(
    {
      operation: request.operation,
      target: request.target,
      problem: problemOf(failure, request),
      storeCode: failure.code,
      transient: isTransient(failure),
    },
    { cause: error },
  );
}

/** The HTTP status of an error that is an answer of S3; otherwise undefined. */
export function httpStatusOf(error: unknown): number | undefined {
  const status = property(property(error, '$metadata'), 'httpStatusCode');
  return typeof status === 'number' ? status : undefined;
}

/** Whether an error is S3's answer with this code. */
export function isS3Error(error: unknown, code: string): boolean {
  return isError(error) && error.name === code;
}

/** The fields of an error that say what failed. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set([
  // `StoreError` cleans these.
  ...['name', 'message', 'stack', 'cause', 'errors'],
  ...['code', 'errno', 'syscall', 'hostname', 'address', 'port'],
  ...['$fault', '$metadata', '$service', '$retryable', 'Code', 'RequestId', 'HostId'],
]);

/**
 * `console.log` of an error shows its cause as well. The SDK adds all that the service has sent: the
 * answer itself, and with `SignatureDoesNotMatch` the request that was signed, with its session
 * token.
 */
function takeDetailsOut(error: unknown): void {
  if (!isError(error)) return;
  for (const name of Object.getOwnPropertyNames(error)) {
    if (!PLAIN_FIELDS.has(name)) Reflect.deleteProperty(error, name);
  }
}

function failureOf(error: unknown): S3Failure {
  const status = httpStatusOf(error);
  const says = textOf(property(error, 'message'));
  const region = property(property(property(error, '$response'), 'headers'), BUCKET_REGION);
  const bucketRegion = typeof region === 'string' ? region : undefined;
  return { code: codeOf(error, status), status, says, bucketRegion };
}

const BUCKET_REGION = 'x-amz-bucket-region';

function codeOf(error: unknown, status: number | undefined): string {
  const systemCode = property(error, 'code');
  if (typeof systemCode === 'string' && /^E[A-Z_]+$/.test(systemCode)) return systemCode;
  // Services use different codes.
  if (status === 412) return 'PreconditionFailed';
  const name = property(error, 'name');
  // An answer to HEAD has no body, so the SDK has no name for the error.
  if (typeof name === 'string' && !/^(Unknown|UnknownError|\d+)$/.test(name)) {
    return toMessage(name.slice(0, MOST_CODE_CHARACTERS));
  }
  if (status === undefined) return 'unknown';
  return status === 403 ? 'AccessDenied' : `HTTP ${status}`;
}

function problemOf(failure: S3Failure, request: S3Request): string {
  const { bucketRegion, code, status, says } = failure;
  const service = request.endpoint ?? 'AWS';
  if (code === 'NoSuchBucket') return `bucket ${request.bucket} does not exist; create it first`;
  if (code === 'NotFound' && !OF_OBJECTS.has(request.operation)) {
    return `${service} has no bucket ${request.bucket}: create it, or check the endpoint`;
  }
  if (code === 'NoSuchKey' || code === 'NotFound') return 'there is no such object';
  if (code === 'EPROTO') return `cannot talk to ${service} (EPROTO); is it https or http?`;
  if (code === 'CredentialsProviderError') {
    return 'no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
  }
  if (/^region is missing/i.test(says)) return 'no region: set AWS_REGION';
  if (UNREACHABLE.has(code)) return `cannot reach ${service} (${code}); is the endpoint right?`;
  const bareHint = code === `HTTP ${status}` ? BARE_HINTS[status ?? 0] : undefined;
  const hint = HINTS[code] ?? bareHint ?? (status === 403 ? CHECK_KEYS : undefined);
  const isOwn = status === undefined && /credential/i.test(says);
  const isRefusal = status === 403 || bareHint !== undefined || REFUSALS.has(code) || isOwn;
  const used = isRefusal ? ` with the credentials of ${request.credentials}` : '';
  // An answer to HEAD has no body, so it may mean wrong keys as well as missing permissions.
  const bare = status === undefined ? 'it failed' : `the service answered ${status} and no more`;
  const where = bucketRegion === undefined ? '' : `; the bucket is in ${quote(bucketRegion)}`;
  return `${says || bare} (${code})${used}${where}${hint === undefined ? '' : `; ${hint}`}`;
}

/** The operations that fail if there is no object, and not only if there is no bucket. */
const OF_OBJECTS: ReadonlySet<string> = new Set(['get', 'head', 'delete']);

function isTransient({ code, status }: S3Failure): boolean {
  if (TRANSIENT_CODES.has(code)) return true;
  // 501: not implemented, and the next attempt will not change that.
  return (
    status === 429 || status === 408 || (status !== undefined && status >= 500 && status !== 501)
  );
}

function textOf(message: unknown): string {
  if (typeof message !== 'string' || message === 'UnknownError') return '';
  return message.replace(/\.$/, '').replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

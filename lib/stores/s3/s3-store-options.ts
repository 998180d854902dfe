import { types } from 'node:util';

import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';

import { quote, show } from '../../errors/show.js';
import { type OptionNames, readOptions } from '../../format/option-names.js';
import {
  checkClient,
  checkClock,
  checkFlag,
  checkText,
  parseChoice,
} from '../../format/option-values.js';
import { type ByteCount, type Duration, parseByteCount } from '../../format/quantity.js';
import type { Clock } from '../../streams/clock.js';

/** The service, the credentials, and how objects are sent and stored. */
export interface S3StoreOptions {
  /** The service's URL. @default S3_ENDPOINT of the environment, else the SDK's: AWS */
  readonly endpoint?: string;
  /** The service's region. @default the SDK's: AWS_REGION, or the profile's */
  readonly region?: string;
  /**
   * The access keys, or a function that gives them. It is called before the first request, and again
   * when they are about to expire. @default the SDK's: AWS_ACCESS_KEY_ID and so on, a profile, the computer's
   * role
   */
  readonly credentials?: S3Credentials | S3CredentialProvider;
  /** Puts the bucket into the path instead of the host name. @default true with an endpoint */
  readonly forcePathStyle?: boolean;
  /**
   * The size of upload parts, 5 MiB to 5 GiB; an object has at most 10,000 parts. @default '8 MiB'
   */
  readonly partBytes?: ByteCount;
  /** How many parts are sent at a time; a put needs memory of `partBytes` times this. @default 4 */
  readonly concurrentParts?: number;
  /**
   * How long a request may take, with its repetitions, before it is aborted. A body is aborted when
   * it gives no bytes for as long while its reader wants more. @default '5m'
   */
  readonly requestTimeout?: Duration;
  /**
   * The digest in each request, which the service checks. `'auto'` tries CRC-32, as AWS does, and
   * changes to Content-MD5 where the service refuses or ignores that. @default 'auto'
   */
  readonly checksum?: ChecksumOption;
  /** How the service encrypts objects. @default the bucket's setting */
  readonly encryption?: S3Encryption;
  /** The class of storage, such as `STANDARD_IA` or `GLACIER_IR`. @default the service's */
  readonly storageClass?: S3StorageClass;
  /** The tags of each object. @default none */
  readonly tags?: Readonly<Record<string, string>>;
  /** User metadata of each object, in addition to that of each put. @default none */
  readonly metadata?: Readonly<Record<string, string>>;
  /**
   * Used instead of a client of the store's own, and neither changed nor destroyed. Its endpoint,
   * region and credentials apply.
   */
  readonly client?: S3Client;
  /** Measures `requestTimeout`. @default the system's */
  readonly clock?: Clock;
}

/** All options of a store in S3. */
export const S3_STORE_OPTION_NAMES: OptionNames<S3StoreOptions> = {
  endpoint: checkText,
  region: checkText,
  credentials: true,
  forcePathStyle: checkFlag,
  partBytes: true,
  concurrentParts: true,
  requestTimeout: true,
  checksum: true,
  encryption: true,
  storageClass: checkText,
  tags: true,
  metadata: true,
  client: checkClient,
  clock: checkClock,
};

/** The digest in a request; with `'none'` only the service's answer is compared. */
export type ChecksumOption = 'auto' | 'crc32' | 'md5' | 'none';

/**
 * With keys of S3 (`SSE-S3`), with the default KMS key of S3 (`SSE-KMS`), or with another KMS key.
 */
export type S3Encryption = 'SSE-S3' | 'SSE-KMS' | { readonly kmsKeyId: string };

/** S3's class of storage, which determines the price of keeping and of reading an object. */
export type S3StorageClass = NonNullable<PutObjectCommandInput['StorageClass']>;

/** The access keys of an account. */
export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they expire. @default never */
  readonly expiration?: Date;
}

/** Gives access keys, as the functions of `@aws-sdk/credential-providers` do. */
export type S3CredentialProvider = () => Promise<S3Credentials>;

const ENCRYPTION_NAMES: OptionNames<Exclude<S3Encryption, string>> = { kmsKeyId: true };

/**
 * Reads the options, and checks those that the SDK or the service would misunderstand.
 *
 * @throws TypeError or RangeError; the message never shows a secret
 */
export function readS3StoreOptions(given: S3StoreOptions | undefined): S3StoreOptions {
  const options = readOptions(given, S3_STORE_OPTION_NAMES);
  checkEndpoint('endpoint', options.endpoint);
  checkCredentials(options.credentials);
  parseChoice('checksum', options.checksum, ['auto', 'crc32', 'md5', 'none']);
  checkEncryption(options.encryption);
  checkTexts('tags', options.tags);
  checkTexts('metadata', options.metadata);
  return options;
}

/** The URL parser takes the host of `localhost:9000` for a protocol. */
function checkEndpoint(name: string, endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) return endpoint;
  if (!/^https?:\/\/[^/]/i.test(endpoint) || !URL.canParse(endpoint)) {
    throw new RangeError(`${name} is not a URL, expected one such as http://localhost:9000`);
  }
  const { hash, password, search, username } = new URL(endpoint);
  if (!username && !password && !search && !hash) return endpoint;
  throw new RangeError(
    `${name} is ${quote(endpoint)}, expected no user, password, query or fragment in it: ` +
      'credentials are an option of their own',
  );
}

/**
 * The service's URL: the option's, else that of the environment.
 *
 * @throws RangeError for an invalid one
 */
export function endpointOf({ endpoint }: S3StoreOptions): string | undefined {
  return endpoint ?? checkEndpoint('S3_ENDPOINT', process.env.S3_ENDPOINT || undefined);
}

function checkCredentials(credentials: S3StoreOptions['credentials']): void {
  if (credentials === undefined || typeof credentials === 'function') return;
  if (typeof credentials !== 'object' || credentials === null) {
    throw new TypeError(`credentials is ${typeof credentials}, expected keys or a function`);
  }
  const { accessKeyId, expiration, secretAccessKey, sessionToken } = readOptions(
    credentials,
    CREDENTIAL_NAMES,
    'credentials',
  );
  for (const [name, text] of Object.entries({ accessKeyId, secretAccessKey })) {
    if (typeof text === 'string' && text !== '') continue;
    throw new TypeError(`credentials.${name} is missing, expected text`);
  }
  if (sessionToken !== undefined && typeof sessionToken !== 'string') {
    throw new TypeError(`credentials.sessionToken is ${typeof sessionToken}, expected text`);
  }
  if (expiration !== undefined && !(types.isDate(expiration) && expiration.getTime() > 0)) {
    throw new TypeError(`credentials.expiration is ${show(expiration)}, expected a Date`);
  }
}

/** The SDK's own credentials have more members than are documented here. */
const CREDENTIAL_NAMES: OptionNames<S3Credentials & Record<SdkMember, unknown>> = {
  accessKeyId: true,
  secretAccessKey: true,
  sessionToken: true,
  expiration: true,
  accountId: true,
  credentialScope: true,
  $source: true,
};

type SdkMember = 'accountId' | 'credentialScope' | '$source';

function checkEncryption(encryption: S3Encryption | undefined): void {
  if (typeof encryption === 'object' && encryption !== null) {
    const { kmsKeyId } = readOptions(encryption, ENCRYPTION_NAMES, 'encryption');
    if (typeof kmsKeyId === 'string' && kmsKeyId !== '') return;
  }
  if (encryption === undefined || encryption === 'SSE-S3' || encryption === 'SSE-KMS') return;
  const expected = "'SSE-S3', 'SSE-KMS' or { kmsKeyId }";
  throw new TypeError(`encryption is ${show(encryption)}, expected ${expected}`);
}

function checkTexts(name: string, texts: Readonly<Record<string, string>> | undefined): void {
  if (texts === undefined) return;
  const isPlain = typeof texts === 'object' && texts !== null && !(Symbol.iterator in texts);
  if (isPlain && Object.values(texts).every((text) => typeof text === 'string')) return;
  throw new TypeError(`${name} is ${show(texts)}, expected an object of strings`);
}

/** S3's limits for every part but the last. */
const MIN_PART_BYTES = 5 * 2 ** 20;
const MAX_PART_BYTES = 5 * 2 ** 30;

/** @throws RangeError for a size that S3 would refuse */
export function parsePartBytes(partBytes: ByteCount): number {
  const bytes = parseByteCount(partBytes, 'partBytes');
  if (bytes < MIN_PART_BYTES || bytes > MAX_PART_BYTES) {
    throw new RangeError(`partBytes is ${quote(partBytes)}, expected 5 MiB to 5 GiB`);
  }
  return bytes;
}

/** @throws RangeError for a number that would send no part */
export function checkConcurrentParts(parts: number): number {
  if (!Number.isSafeInteger(parts) || parts < 1) {
    throw new RangeError(`concurrentParts is ${quote(parts)}, expected a whole number, 1 or more`);
  }
  return parts;
}

/** The attributes that a store gives each of its objects. */
export type S3Attributes = Pick<
  PutObjectCommandInput,
  'ServerSideEncryption' | 'SSEKMSKeyId' | 'StorageClass' | 'Tagging'
>;

/** The options that apply to each object, as the SDK spells them. */
export function toS3Attributes({ encryption, storageClass, tags }: S3StoreOptions): S3Attributes {
  return {
    ...(encryption !== undefined && toEncryption(encryption)),
    ...(storageClass !== undefined && { StorageClass: storageClass }),
    ...(tags !== undefined && { Tagging: new URLSearchParams(tags).toString() }),
  };
}

function toEncryption(encryption: S3Encryption): S3Attributes {
  if (encryption === 'SSE-S3') return { ServerSideEncryption: 'AES256' };
  if (encryption === 'SSE-KMS') return { ServerSideEncryption: 'aws:kms' };
  return { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: encryption.kmsKeyId };
}

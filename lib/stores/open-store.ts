import { fileURLToPath } from 'node:url';

import { isUrl } from '../errors/is-error.js';
import { quote } from '../errors/show.js';
import { type OptionNames, readOptions } from '../format/option-names.js';
import { checkMethods } from '../format/option-values.js';
import type { Store } from './contract/store.js';
import {
  DIRECTORY_STORE_OPTION_NAMES,
  DirectoryStore,
  type DirectoryStoreOptions,
} from './directory/directory-store.js';
import { S3Store } from './s3/s3-store.js';
import { S3_STORE_OPTION_NAMES, type S3StoreOptions } from './s3/s3-store-options.js';

/** The options of each kind of store. */
export interface OpenStoreOptions {
  /** Options for an `s3://` URL. */
  readonly s3?: S3StoreOptions;
  /** Options for a path or a `file://` URL. */
  readonly directory?: DirectoryStoreOptions;
}

const STORE_OPTION_NAMES: OptionNames<OpenStoreOptions> = {
  s3: S3_STORE_OPTION_NAMES,
  directory: DIRECTORY_STORE_OPTION_NAMES,
};

const checkStore = checkMethods('put', 'head', 'get', 'list', 'delete', 'close');

/**
 * Opens the store that `target` names: `s3://bucket/prefix`, `file:///path`, or a directory's path.
 * Returns a store as it is. Does not read, create or connect to anything yet.
 *
 * @throws RangeError for a URL of another kind, TypeError for what is no store and for an unknown option
 */
export function openStore(target: string | URL | Store, given?: OpenStoreOptions): Store {
  const options = readOptions(given, STORE_OPTION_NAMES);
  if (isUrl(target)) return openUrl(target.protocol, target, options);
  if (typeof target !== 'string') {
    checkStore('store', target);
    return target;
  }
  const [, protocol] = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(target) ?? [];
  if (protocol !== undefined) return openUrl(protocol.toLowerCase(), target, options);
  // With a slash too few, it would become a directory called `s3:`.
  if (/^s3:/i.test(target)) throw unknownKind(target);
  return new DirectoryStore(target, options.directory);
}

function openUrl(protocol: string, url: string | URL, options: OpenStoreOptions): Store {
  if (protocol === 's3:') return new S3Store(plainS3Url(url), options.s3);
  if (protocol === 'file:') return new DirectoryStore(pathOf(url), options.directory);
  throw unknownKind(url);
}

function pathOf(url: string | URL): string {
  try {
    return fileURLToPath(url);
  } catch {
    const shown = quote(String(url));
    throw new RangeError(`store ${shown} names no local directory, expected file:///path`);
  }
}

function unknownKind(url: string | URL): RangeError {
  return new RangeError(
    `store ${quote(String(url))} is of an unknown kind, ` +
      'expected s3://bucket/prefix, file:///path or the path of a directory',
  );
}

/**
 * Decodes a `URL`, which percent-encodes characters that a user writes as they are.
 *
 * @throws RangeError for credentials, a query or a fragment, which would have no effect
 */
function plainS3Url(url: string | URL): string {
  if (typeof url === 'string') return url;
  if (url.username || url.password || url.search || url.hash) {
    const expected = 's3://bucket/prefix, and credentials in the option s3.credentials';
    throw new RangeError(`store is ${quote(url.href)}, expected ${expected}`);
  }
  return `s3://${url.host}${decodeURIComponent(url.pathname)}`;
}

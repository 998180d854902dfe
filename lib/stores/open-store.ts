import { fileURLToPath } from 'node:url';

import type { Store } from './contract/store.js';
import { DirectoryStore, type DirectoryStoreOptions } from './directory/directory-store.js';
import { S3Store } from './s3/s3-store.js';
import type { S3StoreOptions } from './s3/s3-store-options.js';

/** What stores of each kind are opened with. */
export interface OpenStoreOptions {
  /** For an `s3://` URL. */
  readonly s3?: S3StoreOptions;
  /** For a path or a `file://` URL. */
  readonly directory?: DirectoryStoreOptions;
}

/**
 * The store that `target` names: `s3://bucket/prefix`, `file:///path`, or a directory's path. A store
 * is given back as it is. Nothing is read, created or connected to yet.
 *
 * @throws RangeError when it names none
 */
export function openStore(target: string | URL | Store, options: OpenStoreOptions = {}): Store {
  if (target instanceof URL) return openUrl(target.protocol, target, options);
  if (typeof target !== 'string') return target;
  const [, protocol] = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(target) ?? [];
  if (protocol !== undefined) return openUrl(protocol.toLowerCase(), target, options);
  return new DirectoryStore(target, options.directory);
}

function openUrl(protocol: string, url: string | URL, options: OpenStoreOptions): Store {
  if (protocol === 's3:') return new S3Store(plainS3Url(url), options.s3);
  if (protocol === 'file:') return new DirectoryStore(fileURLToPath(url), options.directory);
  throw new RangeError(
    `store ${JSON.stringify(String(url))} is of an unknown kind, ` +
      'expected s3://bucket/prefix, file:///path or the path of a directory',
  );
}

/** A `URL` percent-encodes what stands literally in the text that a user writes. */
function plainS3Url(url: string | URL): string {
  return typeof url === 'string' ? url : `s3://${url.host}${decodeURIComponent(url.pathname)}`;
}

import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect } from 'chai';

import { nodeFileLayer } from '../../lib/files/file-layer.js';
import { DirectoryStore } from '../../lib/stores/directory/directory-store.js';
import { openStore } from '../../lib/stores/open-store.js';
import { S3Store } from '../../lib/stores/s3/s3-store.js';
import { compiled } from '../support/compiled.js';
import { modulesLoadedBy } from '../support/loaded-modules.js';

describe('openStore', () => {
  it('opens a directory by its path or its file:// URL', () => {
    const path = join(tmpdir(), 'an archive');
    for (const target of [path, pathToFileURL(path), pathToFileURL(path).href]) {
      const store = openStore(target);
      expect(store).to.be.instanceOf(DirectoryStore);
      expect(store.name).to.equal(path);
    }
    expect(openStore('archive').name).to.equal(join(process.cwd(), 'archive'));
  });

  it('opens a bucket by its s3:// URL, with or without a prefix', () => {
    const names: [target: string | URL, name: string][] = [
      ['s3://bucket', 's3://bucket'],
      ['s3://bucket/', 's3://bucket'],
      ['s3://bucket/a/b/', 's3://bucket/a/b'],
      ['S3://bucket/a b?#%20', 's3://bucket/a b?#%20'],
      [new URL('s3://bucket/a b'), 's3://bucket/a b'],
    ];
    for (const [target, name] of names) {
      const store = openStore(target);
      expect(store).to.be.instanceOf(S3Store);
      expect(store.name).to.equal(name);
    }
  });

  it('returns a store as it is', () => {
    const store = new DirectoryStore('archive');
    expect(openStore(store)).to.equal(store);
  });

  it('passes each kind of store its options', async () => {
    expect(() => openStore('s3://bucket', { s3: { partBytes: 1 } })).to.throw(RangeError);
    const files = { ...nodeFileLayer, lstat: () => Promise.reject(new Error('asked')) };
    const store = openStore('archive', { directory: { files }, s3: { partBytes: 1 } });
    const head = store.head('a').catch((error: unknown) => error);
    expect(await head).to.have.property('message', 'asked');
  });

  it('refuses parts of a URL that would have no effect, and files of other computers', () => {
    for (const url of ['s3://id:secret@bucket', 's3://bucket/a?b=c', 's3://bucket/a#b']) {
      expect(() => openStore(new URL(url)), url).to.throw(RangeError, /^store is .*, expected s3:/);
    }
    expect(() => openStore('file://host/a')).to.throw(RangeError, 'store "file://host/a" names no');
  });

  it('refuses other kinds of URL, and names the kinds that it knows', () => {
    const slips = ['s3:/bucket', 's3:bucket'];
    for (const target of ['gs://bucket/a', 'https://x/', new URL('ftp://host/'), ...slips]) {
      const known = /is of an unknown kind, expected s3:\/\/bucket\/prefix, file:\/\/\/path or/;
      expect(() => openStore(target)).to.throw(RangeError, known);
    }
    expect(() => openStore('')).to.throw(RangeError);
  });

  it('loads the AWS SDK at the first call to a bucket, and never for a directory', async () => {
    const directory = join(tmpdir(), 'shoebox-none');
    const sdk = /node_modules\/@aws-sdk\//;
    expect(await modulesUntil(`openStore(${JSON.stringify(directory)}).list()`)).to.not.match(sdk);
    const bucket = `openStore('s3://bucket', { s3: { endpoint: 'http://127.0.0.1:1' } })`;
    expect(await modulesUntil(`${bucket}.close()`)).to.not.match(sdk);
    expect(await modulesUntil(`${bucket}.head('a')`)).to.match(sdk);
  });
});

/** The URLs of all modules that a child process imports until `expression` succeeds or fails. */
async function modulesUntil(expression: string): Promise<string> {
  const source = new URL('../../lib/stores/open-store.ts', import.meta.url);
  const openStoreUrl = compiled(source).href;
  const loaded = await modulesLoadedBy(`
    const { openStore } = await import(${JSON.stringify(openStoreUrl)});
    const result = await Promise.resolve(${expression}).catch(() => undefined);
    for await (const object of result?.[Symbol.asyncIterator] ? result : []);`);
  expect(loaded).to.include(openStoreUrl);
  return loaded;
}

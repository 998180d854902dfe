import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';

import { expect } from 'chai';

import { StoreError } from '../../../lib/errors/store-error.js';
import type { Evidence, Store, UnfinishedUpload } from '../../../lib/stores/contract/store.js';
import { chunks, listed, MIB, rejection, unending } from '../../support/store-tools.js';
import { outcomeOf } from '../../support/writer-tools.js';

/** A known gap of a store. */
export type StoreGap =
  | 'lists in no order'
  | 'keeps no metadata'
  | 'lists no uploads'
  | 'refuses no taken key'
  | 'heeds no ifMatch';

/** A fresh, empty store for one spec. */
export interface StoreFixture {
  readonly store: Store;
  readonly gaps: readonly StoreGap[];
  /** The evidence for an object that is sent in one request, and in several. */
  readonly evidence: { readonly small: Evidence | null; readonly large: Evidence | null };
  /** The temporary files and unfinished uploads that failed puts have left. */
  leftovers(): Promise<readonly string[]>;
  dispose(): Promise<void>;
}

/** The promises of every store. */
export function describeStore(name: string, open: () => Promise<StoreFixture>): void {
  describe(`${name}, as every store`, () => {
    let fixture: StoreFixture;
    let store: Store;

    beforeEach(async () => {
      fixture = await open();
      store = fixture.store;
    });

    afterEach(async () => {
      await store.close();
      await fixture.dispose();
    });

    async function put(key: string, content: string): Promise<void> {
      await store.put(key, Readable.from([Buffer.from(content)]));
    }

    async function read(key: string, start?: number, end?: number): Promise<string> {
      const range = start === undefined ? undefined : { start, ...(end !== undefined && { end }) };
      return (await buffer(await store.get(key, range))).toString();
    }

    async function keys(prefix?: string): Promise<string[]> {
      const found = (await listed(store.list(prefix))).map(({ key }) => key);
      return fixture.gaps.includes('lists in no order') ? found.sort(compareBytes) : found;
    }

    async function uploads(prefix?: string): Promise<UnfinishedUpload[]> {
      const found: UnfinishedUpload[] = [];
      for await (const upload of store.listUploads?.(prefix) ?? []) found.push(upload);
      return found;
    }

    it('returns what was put', async () => {
      const metadata = { sha256: 'abc', 'record-count': '7' };
      const body = Readable.from([Buffer.from('hello '), 'wörld', new Uint8Array([33])]);
      const options = { contentType: 'application/gzip', metadata };
      const stored = await store.put('a/b.gz', body, options);
      const kept = fixture.gaps.includes('keeps no metadata') ? {} : metadata;
      const { evidence, etag, ...object } = stored;
      expect(object).to.deep.equal({ key: 'a/b.gz', bytes: 13, metadata: kept });
      expect(evidence).to.equal(fixture.evidence.small);
      expect(await store.head('a/b.gz')).to.deep.equal({ ...object, etag });
      expect(await read('a/b.gz')).to.equal('hello wörld!');
    });

    it('returns ranges of an object, up to its end', async () => {
      await put('digits', '0123456789');
      expect(await read('digits', 0)).to.equal('0123456789');
      expect(await read('digits', 3)).to.equal('3456789');
      expect(await read('digits', 3, 4)).to.equal('3');
      expect(await read('digits', 8, 100)).to.equal('89');
      expect(await read('digits', 4, 4)).to.equal('');
      expect(await read('digits', 10)).to.equal('');
      expect(await read('digits', 50, 60)).to.equal('');
    });

    it('refuses an invalid range', async () => {
      await put('digits', '0123456789');
      for (const [start, end] of [[-1], [0.5], [4, 3], [0, Number.NaN]]) {
        const error = await rejection(read('digits', start, end));
        expect(error).to.be.instanceOf(RangeError);
        expect(error).to.have.property('message').that.includes(`range is ${start} to`);
      }
    });

    it('keeps an empty object', async () => {
      expect(await store.put('empty', Readable.from([]))).to.include({ key: 'empty', bytes: 0 });
      expect(await store.head('empty')).to.include({ key: 'empty', bytes: 0 });
      expect(await read('empty')).to.equal('');
      expect(await read('empty', 0)).to.equal('');
    });

    it('replaces the object under a key', async () => {
      await put('a', 'first and longer');
      await put('a', 'second');
      expect(await read('a')).to.equal('second');
      expect(await keys()).to.deep.equal(['a']);
    });

    it('has no object under a key that was not put', async () => {
      await put('a', 'x');
      for (const key of ['b', 'a/b', 'nowhere/at/all']) {
        expect(await store.head(key)).to.equal(null);
        const error = await rejection(store.get(key));
        expect(error).to.be.instanceOf(StoreError);
        expect(error).to.include({ operation: 'get', storeCode: 'NoSuchKey', transient: false });
      }
    });

    it('deletes an object, and does nothing when there is none', async () => {
      await put('a/b', 'x');
      await store.delete('a/b');
      await store.delete('a/b');
      await store.delete('never/there');
      expect(await store.head('a/b')).to.equal(null);
      expect(await keys()).to.deep.equal([]);
    });

    it('lists every key with a prefix, in byte order', async () => {
      const all = ['a-b', 'a.txt', 'a/b', 'a/c/d', 'a0', 'b', 'c d/é', 'c d/\uffee', 'c d/😀'];
      for (const key of all.toReversed()) await put(key, key);
      expect(await keys()).to.deep.equal(all);
      expect(await keys('a/')).to.deep.equal(['a/b', 'a/c/d']);
      expect(await keys('a/c')).to.deep.equal(['a/c/d']);
      expect(await keys('a')).to.deep.equal(['a-b', 'a.txt', 'a/b', 'a/c/d', 'a0']);
      expect(await keys('c d/é')).to.deep.equal(['c d/é']);
      expect(await keys('nothing')).to.deep.equal([]);
      expect(await keys('../../')).to.deep.equal([]);
    });

    it('lists the size of each object, without metadata', async () => {
      await store.put('a', Readable.from(['12345']), { metadata: { x: 'y' } });
      const [object] = await listed(store.list());
      expect(object).to.include({ key: 'a', bytes: 5 });
      expect(object?.metadata).to.deep.equal({});
      // A reader asks for an object with the ETag of the listing.
      if (object?.etag !== undefined)
        expect(await store.head('a')).to.include({ etag: object.etag });
    });

    it('stores and returns 12 MiB unchanged', async () => {
      const sent = createHash('sha256');
      const body = Readable.from(chunks(12, (chunk) => sent.update(chunk)));
      const { bytes, evidence } = await store.put('large', body, { metadata: { a: 'b' } });
      expect(bytes).to.equal(12 * MIB);
      expect(evidence).to.equal(fixture.evidence.large);
      const expected = fixture.gaps.includes('keeps no metadata') ? {} : { a: 'b' };
      expect(await store.head('large')).to.deep.include({
        key: 'large',
        bytes,
        metadata: expected,
      });
      const received = createHash('sha256');
      for await (const chunk of await store.get('large')) received.update(chunk);
      expect(received.digest('hex')).to.equal(sent.digest('hex'));
      const across = await buffer(
        await store.get('large', { start: 8 * MIB - 1, end: 8 * MIB + 1 }),
      );
      expect([...across]).to.deep.equal([8, 9]);
      expect(await fixture.leftovers()).to.deep.equal([]);
    });

    it('refuses keys that lead outside, and destroys the body', async () => {
      for (const key of [
        '',
        '/etc/passwd',
        '..',
        '../a',
        'a/../../b',
        'a/./b',
        'a//b',
        'a/',
        'a\0',
      ]) {
        const body = Readable.from(['x']);
        const error = await rejection(store.put(key, body));
        expect(error, key).to.be.instanceOf(RangeError);
        expect(error).to.have.property('message').that.includes(JSON.stringify(key));
        expect(body.destroyed).to.equal(true);
        expect(await rejection(store.head(key)), key).to.be.instanceOf(RangeError);
        expect(await rejection(store.get(key)), key).to.be.instanceOf(RangeError);
        expect(await rejection(store.delete(key)), key).to.be.instanceOf(RangeError);
      }
    });

    it('says whether it refuses to replace an object, and keeps to that', async () => {
      const refuses = !fixture.gaps.includes('refuses no taken key');
      expect(await store.refusesTaken?.()).to.equal(refuses);
      expect(await keys()).to.deep.equal([]);
      expect(await fixture.leftovers()).to.deep.equal([]);
      await store.put('a', Readable.from(['first']), { whenTaken: 'refuse' });
      const second = store.put('a', Readable.from(['second']), { whenTaken: 'refuse' });
      if (refuses) {
        const error = await rejection(second);
        expect(error).to.include({ storeCode: 'PreconditionFailed', transient: false });
      }
      await second.catch(() => undefined);
      expect(await read('a')).to.equal(refuses ? 'first' : 'second');
      expect(await fixture.leftovers()).to.deep.equal([]);
    });

    it('lets exactly one of several simultaneous puts win', async function () {
      if (fixture.gaps.includes('refuses no taken key')) this.skip();
      const texts = ['0', '1', '2', '3', '4', '5'];
      const puts = texts.map((text) =>
        store.put('race', Readable.from([text]), { whenTaken: 'refuse' }),
      );
      const results = await Promise.allSettled(puts);
      const winner = results.findIndex(({ status }) => status === 'fulfilled');
      expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(1);
      expect(await read('race')).to.equal(texts[winner]);
    });

    it('reads an object only while its ETag stays the same', async () => {
      const { etag } = await store.put('a', Readable.from(['first']));
      if (etag === undefined) throw new Error('expected an etag');
      expect(await text(await store.get('a', { start: 1 }, { ifMatch: etag }))).to.equal('irst');
      await put('a', 'other');
      if (fixture.gaps.includes('heeds no ifMatch')) return;
      const error = await rejection(store.get('a', { start: 1 }, { ifMatch: etag }));
      expect(error).to.include({ storeCode: 'PreconditionFailed', transient: false });
    });

    it('reports the id of an upload, lists it, and removes its remains', async function () {
      if (fixture.gaps.includes('lists no uploads')) this.skip();
      const controller = new AbortController();
      let failed: Promise<unknown> = Promise.resolve();
      const uploadId = await new Promise<string>((resolve) => {
        const { signal } = controller;
        const onUploadCreated = async (id: string) => resolve(id);
        failed = rejection(store.put('a b/é', unending(10), { signal, onUploadCreated }));
      });
      const [upload, ...others] = await uploads('a b/');
      expect(upload).to.deep.include({ key: 'a b/é', uploadId });
      expect(upload?.startedAt).to.be.instanceOf(Date);
      expect(others).to.deep.equal([]);
      expect(await uploads()).to.have.length(1);
      expect(await uploads('a c')).to.deep.equal([]);
      expect(await keys()).to.deep.equal([]);
      await store.abortUpload?.('a b/é', uploadId);
      await store.abortUpload?.('a b/é', uploadId);
      await store.abortUpload?.('never/there', uploadId);
      expect(await uploads()).to.deep.equal([]);
      controller.abort();
      await failed;
      expect(await fixture.leftovers()).to.deep.equal([]);
    });

    it('puts nothing where the listener of the upload fails', async () => {
      const failure = new Error('the journal cannot be written');
      const body = unending(10);
      const putting = store.put('a', body, { onUploadCreated: () => Promise.reject(failure) });
      expect(await rejection(putting)).to.equal(failure);
      expect(body.destroyed).to.equal(true);
      expect(await keys()).to.deep.equal([]);
      expect(await fixture.leftovers()).to.deep.equal([]);
    });

    it('lets a reader stop anywhere', async () => {
      await store.put('large', Readable.from(chunks(2)));
      const unread = await store.get('large');
      expect(await outcomeOf(unread.destroy())).to.equal(undefined);
      const stopped = await store.get('large');
      for await (const _ of stopped) break;
      expect(stopped.destroyed).to.equal(true);
      const failure = new Error('the consumer failed');
      const failed = await store.get('large');
      expect(await outcomeOf(failed.destroy(failure))).to.equal(failure);
    });
  });
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

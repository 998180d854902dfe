import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { expect } from 'chai';

import type { Store } from '../../../lib/stores/contract/store.js';
import { chunks, listed, rejection, unending } from '../../support/store-tools.js';
import type { StoreFixture } from './store-contract.js';

/** The promises of every store for puts that fail. */
export function describeFailedPuts(name: string, open: () => Promise<StoreFixture>): void {
  describe(`${name}, when a put fails`, () => {
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

    for (const mebibytes of [0, 3, 10]) {
      it(`rejects with the error of a body that fails after ${mebibytes} MiB, and leaves nothing`, async () => {
        await store.put('failing', Readable.from(['before']));
        const failure = new Error('the disk is gone');
        const body = Readable.from(chunks(mebibytes, () => {}, failure));
        expect(await rejection(store.put('failing', body))).to.equal(failure);
        expect(body.destroyed).to.equal(true);
        expect(await fixture.leftovers()).to.deep.equal([]);
        expect(await keys(store)).to.deep.equal(['failing']);
        expect(await text(await store.get('failing'))).to.equal('before');
      });
    }

    it('rejects with the error of a body that had failed before the put', async () => {
      const failure = new Error('the disk was gone');
      const body = new Readable({ read() {} });
      body.on('error', () => {}).destroy(failure);
      expect(await rejection(store.put('failed', body))).to.equal(failure);
      expect(await keys(store)).to.deep.equal([]);
    });

    it('rejects with the error of a body that fails before its first read', async () => {
      const failure = new Error('cannot open');
      const body = new Readable({ read() {} });
      const putting = rejection(store.put('failing', body));
      body.destroy(failure);
      expect(await putting).to.equal(failure);
    });

    it('rejects when the body is destroyed without an error', async () => {
      const body = new Readable({ read() {} });
      const putting = rejection(store.put('cut', body));
      body.destroy();
      expect(await putting).to.have.property('code', 'ERR_STREAM_PREMATURE_CLOSE');
      expect(await keys(store)).to.deep.equal([]);
    });

    it('refuses a body of objects', async () => {
      const error = await rejection(store.put('objects', Readable.from([{ a: 1 }])));
      expect(error).to.be.instanceOf(TypeError);
      expect(error).to.have.property('message', 'body gave object, expected bytes');
      expect(await keys(store)).to.deep.equal([]);
    });

    for (const mebibytes of [0, 3, 10]) {
      it(`leaves nothing of a put that is aborted after ${mebibytes} MiB while its body gives no bytes`, async () => {
        const controller = new AbortController();
        const reason = new Error('no longer wanted');
        const body = unending(mebibytes, () => setImmediate(() => controller.abort(reason)));
        const putting = store.put('aborted', body, { signal: controller.signal });
        expect(await rejection(putting)).to.equal(reason);
        expect(body.destroyed).to.equal(true);
        expect(await fixture.leftovers()).to.deep.equal([]);
        expect(await keys(store)).to.deep.equal([]);
      });
    }

    it('stores nothing when the signal was aborted before', async () => {
      const body = Readable.from(['x']);
      const reason = new Error('no longer wanted');
      const signal = AbortSignal.abort(reason);
      expect(await rejection(store.put('aborted', body, { signal }))).to.equal(reason);
      expect(body.destroyed).to.equal(true);
      expect(await keys(store)).to.deep.equal([]);
    });
  });
}

async function keys(store: Store): Promise<string[]> {
  return (await listed(store.list())).map(({ key }) => key);
}

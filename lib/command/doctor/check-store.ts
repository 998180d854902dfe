import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import type { Store } from '../../index.js';
import { countOf } from '../output/quantities.js';
import { type CheckResult, check } from './check.js';

/** Larger than a part of an upload. */
const LARGE_BYTES = 9 * 2 ** 20;

/** Tries what shipping needs of a store, with objects that are removed afterwards. */
export async function* checkStore(store: Store, signal: AbortSignal): AsyncGenerator<CheckResult> {
  const prefix = `.shoebox-doctor-${randomBytes(8).toString('hex')}`;
  const [small, large] = [`${prefix}-small`, `${prefix}-large`];
  const options = { signal };
  const put = await check('store: put an object', async () => {
    const { evidence } = await store.put(small, Readable.from([Buffer.from('shoebox')]), options);
    if (evidence !== null) return { found: `works, confirmed by ${evidence}` };
    return {
      status: 'warning',
      found: 'works, without a checksum',
      advice: 'each archive is read back before its file is deleted',
    };
  });
  yield put;
  if (put.status === 'failed') return;
  try {
    yield await check('store: find an object', async () => {
      const found = await store.head(small, options);
      if (found?.bytes !== 7) throw new Error(`found ${found?.bytes} bytes, expected 7`);
      return { found: 'works' };
    });
    yield await check('store: read a range', async () => {
      const body = await store.get(small, { start: 2, end: 5 }, options);
      const text = String(await buffer(body));
      if (text !== 'oeb') throw new Error(`got ${JSON.stringify(text)}, expected "oeb"`);
      return { found: 'works' };
    });
    yield await check('store: list a prefix', async () => {
      const keys: string[] = [];
      for await (const { key } of store.list(prefix, options)) keys.push(key);
      if (!keys.includes(small)) throw new Error('the listing lacks the object');
      return { found: 'works' };
    });
    yield await check('store: upload in parts', async () => {
      const body = Readable.from([
        Buffer.alloc(LARGE_BYTES / 3),
        Buffer.alloc(LARGE_BYTES / 3),
        Buffer.alloc(LARGE_BYTES / 3),
      ]);
      const { bytes, evidence } = await store.put(large, body, options);
      if (bytes !== LARGE_BYTES) throw new Error(`stored ${bytes} bytes, expected ${LARGE_BYTES}`);
      return { found: `works, confirmed by ${evidence ?? 'reading it back'}` };
    });
    yield await check('store: refuse a taken key', async () => {
      if ((await store.refusesTaken?.(options)) === true) return { found: 'works' };
      return {
        status: 'warning',
        found: 'not supported',
        advice: 'keep [[WRITER]] in the names of archives, or [[HOST]] in --key',
      };
    });
    yield await check('store: list unfinished uploads', async () => {
      let uploads = 0;
      for await (const _upload of store.listUploads?.('', options) ?? []) uploads++;
      return { found: `works, ${countOf(uploads, 'unfinished upload')}` };
    });
  } finally {
    yield await check('store: delete objects', async () => {
      // Not with the signal: an interrupted doctor cleans up, too.
      for (const key of [small, large]) await store.delete(key);
      return { found: 'works' };
    });
  }
}

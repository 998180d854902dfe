import { expect } from 'chai';

import { StoreError } from '../../../lib/errors/store-error.js';
import type { SkippedArchive } from '../../../lib/series/listing/find-archives.js';
import { objectsByName } from '../../../lib/series/listing/objects-by-name.js';
import { HastyClock } from '../../support/hasty-clock.js';
import { defaultName } from '../../support/named-archives.js';
import { PagedStore } from '../../support/paged-store.js';
import { rejection } from '../../support/store-tools.js';

describe('objectsByName', () => {
  const skipped: SkippedArchive[] = [];

  afterEach(() => skipped.splice(0));

  const storeOf = (keys: readonly string[], pageKeys = 1000) =>
    new PagedStore(keys, () => Buffer.alloc(0), pageKeys);

  function names(store: PagedStore, ...patterns: string[]): AsyncGenerator<string> {
    const options = {
      clock: new HastyClock(),
      signal: new AbortController().signal,
      onSkipped: (archive: SkippedArchive) => skipped.push(archive),
    };
    const given = objectsByName(
      patterns.map((pattern) => ({ store, pattern })),
      options,
    );
    return (async function* () {
      for await (const { path } of given) yield path.slice('paged/'.length);
    })();
  }

  async function all(store: PagedStore, ...patterns: string[]): Promise<string[]> {
    const found: string[] = [];
    for await (const name of names(store, ...patterns)) found.push(name);
    return found;
  }

  /** Keys of the default template below folders of days. */
  const DAYS = Array.from({ length: 1100 }, (_, i) => {
    const time = Date.UTC(2026, 10, 1) + 3_600_000 * i;
    const day = new Date(time).toISOString().slice(0, 10);
    return `dt=${day}/${defaultName('a', i, time)}`;
  });

  it('gives the first archive before the second page is requested', async () => {
    const store = storeOf(DAYS.map((key) => `${key}.gz`));
    const found: string[] = [];
    for await (const name of names(store, '**/*.events')) {
      if (found.length === 0) expect(store.pages).to.equal(1);
      found.push(name);
    }
    expect(found).to.deep.equal(DAYS);
    expect(store.pages).to.equal(2);
  });

  it('lists on while archives are read, and stops when the caller does', async () => {
    const store = storeOf(DAYS);
    const given = names(store, '**/*');
    await new Promise<void>((resolve) => {
      store.beforePage = () => {
        resolve();
        return new Promise(() => undefined);
      };
      void given.next().then(() => given.next());
    });
    await given.return(undefined);
    expect(store.pages).to.equal(2);
  });

  it('gives numbers of unequal length in natural order', async () => {
    const keys = Array.from({ length: 600 }, (_, i) => `x_${i}.events`);
    expect(await all(storeOf(keys.toSorted()), '*')).to.deep.equal(keys);
  });

  it('gives one archive for all its objects, and for several patterns', async () => {
    const keys = ['a.events', 'a.events-1', 'a.events.gz', 'a.events.stale', 'b.events.gz'];
    const expected = ['a.events', 'a.events-1', 'b.events'];
    expect(await all(storeOf(keys, 1), '*', 'a*')).to.deep.equal(expected);
  });

  it('takes a key for a prefix only if no archive has that name', async () => {
    const keys = ['logs-old/c', 'logs.gz', 'logs/a', 'logs/b'];
    expect(await all(storeOf(keys), 'logs')).to.deep.equal(['logs']);
    const below = keys.filter((key) => key !== 'logs.gz');
    expect(await all(storeOf(below), 'logs')).to.deep.equal(['logs/a', 'logs/b']);
    expect(await all(storeOf(below), 'logs/')).to.deep.equal(['logs/a', 'logs/b']);
  });

  it('waits for the whole listing of a store that does not keep to the order of bytes', async () => {
    const keys = DAYS.toSorted(
      (a, b) => a.slice(-9).localeCompare(b.slice(-9)) || (a < b ? 1 : -1),
    );
    expect(await all(storeOf([...keys].reverse()), '**/*')).to.deep.equal(DAYS);
  });

  it('continues a listing that fails, and gives up after eight failures in a row', async () => {
    const store = storeOf(DAYS);
    let failures = 0;
    const failure = (code: string) =>
      new StoreError({ operation: 'list', target: 'paged', problem: code, transient: true });
    store.beforePage = (page) => {
      if (page === 2) throw failure('503');
    };
    expect(await all(store, '**/*')).to.deep.equal(DAYS);
    store.beforePage = () => {
      failures++;
      throw failure('500');
    };
    const error = await rejection(all(store, '**/*'));
    expect(error).to.be.instanceOf(StoreError).with.property('message').that.includes('500');
    expect(failures).to.equal(8);
  });
});

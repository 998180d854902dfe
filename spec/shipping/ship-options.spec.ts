import { expect } from 'chai';

import { parseShipOptions, type ShipOptions } from '../../lib/shipping/ship-options.js';
import { MemoryStore } from '../support/memory-store.js';

describe('parseShipOptions', () => {
  it('has defaults', () => {
    const { compression, key, ...settings } = parseShipOptions({ to: 'store' });
    expect(key.template).to.equal('[[NAME]]');
    expect(compression).to.include({ name: 'gzip', suffix: '.gz' });
    expect(settings).to.deep.equal({
      localFile: 'delete',
      whenFull: 'block',
      concurrency: 1,
      abortOrphansAfterMs: 7 * 24 * 3_600_000,
      endTimeoutMs: 60_000,
      maxSpoolBytes: Number.POSITIVE_INFINITY,
    });
  });

  it('accepts sizes and durations as text', () => {
    const options = { to: new MemoryStore(), endTimeout: '5m', maxSpoolBytes: '2 GiB' };
    const { endTimeoutMs, maxSpoolBytes } = parseShipOptions(options);
    expect([endTimeoutMs, maxSpoolBytes]).to.deep.equal([300_000, 2 ** 31]);
  });

  it('accepts each kind of store', () => {
    for (const to of ['s3://bucket', new URL('s3://bucket'), '/tmp/store', new MemoryStore()]) {
      expect(() => parseShipOptions({ to })).to.not.throw();
    }
  });

  const wrong: readonly (readonly [options: unknown, kind: ErrorConstructor, message: string])[] = [
    [{}, TypeError, 'ship.to is undefined, expected s3://'],
    ['s3://bucket/prefix', TypeError, 'ship.to is undefined'],
    [{ to: 5 }, TypeError, 'ship.to is 5'],
    [{ to: { put() {} } }, TypeError, 'ship.to is { put: [Function: put] }'],
    [{ localFile: 'remove' }, TypeError, "ship.localFile is 'remove', expected 'delete'"],
    [{ localFile: null }, TypeError, 'ship.localFile is null'],
    [{ localFile: {} }, TypeError, 'ship.localFile is {}'],
    [{ localFile: { moveTo: '' } }, TypeError, "ship.localFile is { moveTo: '' }"],
    [{ localFile: { moveTo: 'a\0b' } }, TypeError, 'ship.localFile is '],
    [{ endTimeout: 'soon' }, RangeError, 'ship.endTimeout is "soon"'],
    [{ endTimeout: -1 }, RangeError, 'ship.endTimeout is -1'],
    [{ maxSpoolBytes: 'much' }, RangeError, 'ship.maxSpoolBytes is "much"'],
    [{ maxSpoolBytes: 0 }, RangeError, 'ship.maxSpoolBytes is 0'],
    [{ whenFull: 'error' }, TypeError, 'ship.whenFull is "error" without ship.maxSpoolBytes'],
    [{ whenFull: 'drop' }, TypeError, `ship.whenFull is "drop", expected 'block', 'error' or`],
    [{ concurrency: 0 }, RangeError, 'ship.concurrency is 0'],
    [{ concurrency: 1.5 }, RangeError, 'ship.concurrency is 1.5'],
    [{ concurrency: '2' }, RangeError, "ship.concurrency is '2'"],
    [{ abortOrphansAfter: 'never' }, RangeError, 'ship.abortOrphansAfter is "never"'],
    [{ key: 5 }, TypeError, 'ship.key is 5'],
    [{ key: '../[[NAME]]' }, RangeError, 'template "../[[NAME]]" makes a key that'],
  ];
  for (const [options, kind, message] of wrong) {
    it(`refuses an invalid option: ${message.split(',')[0]}`, () => {
      const hasTo = typeof options !== 'object' || message.includes('ship.to');
      const given = (hasTo ? options : { to: 'store', ...Object(options) }) as ShipOptions;
      expect(() => parseShipOptions(given)).to.throw(kind, message);
    });
  }
});

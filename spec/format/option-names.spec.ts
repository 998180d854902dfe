import { expect } from 'chai';

import { type OptionNames, readOptions } from '../../lib/format/option-names.js';

interface Options {
  readonly sync?: string | undefined;
  readonly maxBytes?: number | undefined;
  readonly ship?: { readonly to?: string; readonly s3?: { readonly endpoint?: string } };
}

const NAMES: OptionNames<Options> = {
  sync: true,
  maxBytes: true,
  ship: { to: true, s3: { endpoint: true } },
};

/** Options as plain JavaScript gives them, which no compiler has checked. */
function read(options: object | undefined): Options {
  return readOptions(options, NAMES);
}

describe('readOptions', () => {
  it('copies what is given, and takes nothing for no options', () => {
    const given = { sync: 'no', ship: { to: 'x', s3: { endpoint: 'y' } } };
    expect(read(given)).to.deep.equal(given);
    expect(read(undefined)).to.deep.equal({});
    expect(read(Object.freeze({ ...given }))).to.deep.equal(given);
    expect(read(Object.assign(Object.create(null), { sync: 'no' }))).to.deep.equal({ sync: 'no' });
  });

  const slips: ReadonlyArray<readonly [options: object, given: string, meant: string]> = [
    [{ sycn: 'no' }, 'sycn', 'sync'],
    [{ Sync: 'no' }, 'Sync', 'sync'],
    [{ maxByte: 1 }, 'maxByte', 'maxBytes'],
    [{ maxBites: 1 }, 'maxBites', 'maxBytes'],
    [{ s3: {} }, 's3', 'ship.s3'],
    [{ endpoint: 'x' }, 'endpoint', 'ship.s3.endpoint'],
    [{ ship: { endpoint: 'x' } }, 'ship.endpoint', 'ship.s3.endpoint'],
    [{ ship: { sync: 'no' } }, 'ship.sync', 'sync'],
    [{ ship: { s3: { endpiont: 'x' } } }, 'ship.s3.endpiont', 'ship.s3.endpoint'],
  ];
  for (const [options, given, meant] of slips) {
    it(`refuses ${given}, and suggests ${meant}`, () => {
      const message = `unknown option "${given}": did you mean "${meant}"?`;
      expect(() => read(options)).to.throw(TypeError, message);
    });
  }

  it('lists the options where none resembles the unknown one', () => {
    const message = 'unknown option "highWaterMark", expected one of sync, maxBytes, ship';
    expect(() => read({ highWaterMark: 1 })).to.throw(TypeError, message);
    const inner = 'unknown option "ship.bucket", expected one of ship.to, ship.s3';
    expect(() => read({ ship: { bucket: 'x' } })).to.throw(TypeError, inner);
  });

  it('counts undefined as not given, known or not', () => {
    expect(read({ sync: undefined, sycn: undefined, ship: undefined })).to.deep.equal({});
  });

  it('reads what an options object inherits, as `options.name` does', () => {
    expect(read(Object.create({ sync: 'no' }))).to.deep.equal({ sync: 'no' });
    expect(() => read(Object.create({ sycn: 'no' }))).to.throw(TypeError, '"sycn"');
    class Configuration {
      maxBytes = 7;
      get sync() {
        return 'always';
      }
      load() {
        return this;
      }
    }
    expect(read(new Configuration())).to.deep.equal({ sync: 'always', maxBytes: 7 });
  });

  it('takes nothing from a key __proto__ of parsed JSON', () => {
    const parsed: object = JSON.parse('{ "__proto__": { "sync": "no" }, "maxBytes": 1 }');
    const options = read(parsed);
    expect(options.sync).to.equal(undefined);
    expect(Object.getPrototypeOf(options)).to.equal(Object.prototype);
  });

  it('ignores symbols', () => {
    expect(read({ [Symbol('note')]: 1, sync: 'no' })).to.deep.equal({ sync: 'no' });
  });

  for (const options of [null, 'no', 5, true, [], () => 'no']) {
    it(`refuses ${JSON.stringify(options) ?? 'a function'} for options`, () => {
      expect(() => Reflect.apply(read, undefined, [options])).to.throw(
        TypeError,
        'expected an object of options',
      );
      expect(() => Reflect.apply(read, undefined, [{ ship: options }])).to.throw(
        TypeError,
        /^ship is .*, expected an object of options$/,
      );
    });
  }

  it('cuts a long name', () => {
    expect(() => read({ ['x'.repeat(1e6)]: 1 })).to.throw(TypeError, /^.{0,200}$/);
  });
});

import { expect } from 'chai';

import {
  loneSurrogate,
  metadataOf,
  payloadOf,
  type RecordInput,
  timeMicrosOf,
} from '../../../lib/codec/records/record-input.js';
import { RecordError } from '../../../lib/errors/record-error.js';
import { decodeArchive } from '../../support/decode-archive.js';
import { encodeBlocks } from '../../support/encode-archive.js';

/** A value that a caller without types may pass. */
function untyped(value: unknown): RecordInput {
  return value as RecordInput;
}

describe('payloadOf', () => {
  it('accepts a bare string or bytes as the payload', () => {
    const bytes = Uint8Array.of(1, 2);
    expect(payloadOf('text')).to.equal('text');
    expect(payloadOf(bytes)).to.equal(bytes);
  });

  it('returns text and bytes unchanged', () => {
    const bytes = Buffer.from('bytes');
    expect(payloadOf({ payload: 'text' })).to.equal('text');
    expect(payloadOf({ payload: bytes })).to.equal(bytes);
  });

  const values: ReadonlyArray<readonly [payload: unknown, json: string]> = [
    [{ a: 1, b: undefined }, '{"a":1}'],
    [[1, 'two', null], '[1,"two",null]'],
    [null, 'null'],
    [false, 'false'],
    [0, '0'],
    [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ];
  for (const [payload, json] of values) {
    it(`returns ${json} for its value`, () => {
      expect(payloadOf(untyped({ payload }))).to.equal(json);
    });
  }

  it('reads the payload through a getter', () => {
    class Event {
      get payload() {
        return 'from a getter';
      }
    }
    expect(payloadOf(new Event())).to.equal('from a getter');
  });

  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const refused: ReadonlyArray<readonly [what: string, payload: unknown, problem: string]> = [
    ['undefined', undefined, 'is undefined'],
    ['a Map, whose JSON would be {}', new Map([['a', 1]]), 'is a Map'],
    ['a promise that was not awaited', Promise.resolve({ a: 1 }), 'is a Promise'],
    ['an Error, whose message JSON omits', new Error('lost'), 'is a Error'],
    ['a Set', new Set(), 'is a Set'],
    ['an ArrayBuffer', new ArrayBuffer(1), 'is a ArrayBuffer'],
    ['an array of other numbers than bytes', new Uint16Array(1), 'is a Uint16Array'],
    ['a DataView', new DataView(new ArrayBuffer(1)), 'is a DataView'],
    ['a function', () => 1, 'is a function'],
    ['a symbol', Symbol('s'), 'is Symbol(s)'],
    ['circular JSON', circular, 'has no JSON'],
    ['a BigInt', 1n, 'has no JSON'],
  ];
  for (const [what, payload, problem] of refused) {
    it(`refuses ${what} and names the field`, () => {
      expect(() => payloadOf(untyped({ payload })))
        .to.throw(RecordError, problem)
        .with.property('field', 'payload');
    });
  }

  it('keeps the cause if a value has no JSON', () => {
    const cause = new Error('no');
    const payload = {
      toJSON() {
        throw cause;
      },
    };
    expect(() => payloadOf({ payload }))
      .to.throw(RecordError)
      .with.property('cause', cause);
  });

  for (const input of [undefined, null, 1, true, () => 'x', Symbol('s')]) {
    it(`refuses ${String(input)}, which is not a record`, () => {
      expect(() => payloadOf(untyped(input))).to.throw(RecordError, 'expected a record');
    });
  }

  for (const input of [[], {}, new Map()]) {
    it(`refuses a ${input.constructor.name} without a payload`, () => {
      expect(() => payloadOf(untyped(input))).to.throw(RecordError, 'payload of a record');
    });
  }
});

describe('timeMicrosOf', () => {
  it('is now for a record without a time', () => {
    const inputs: RecordInput[] = ['text', Uint8Array.of(1), { payload: '' }];
    for (const input of inputs) expect(timeMicrosOf(input, 42)).to.equal(42);
  });

  it('accepts a Date or milliseconds', () => {
    expect(timeMicrosOf({ payload: '', time: new Date(1500) }, 0)).to.equal(1_500_000);
    expect(timeMicrosOf({ payload: '', time: 1500 }, 0)).to.equal(1_500_000);
    expect(timeMicrosOf({ payload: '', time: -0.25 }, 0)).to.equal(-250);
    expect(timeMicrosOf({ payload: '', time: 0.001_4 }, 0)).to.equal(1);
  });

  it('accepts ISO 8601 with its zone, to the microsecond', () => {
    const time = '2026-11-30T05:41:38.123456Z';
    const micros = Date.parse('2026-11-30T05:41:38Z') * 1000 + 123_456;
    expect(timeMicrosOf({ payload: '', time }, 0)).to.equal(micros);
    const unzoned = { payload: '', time: '2026-11-30T05:41:38' };
    expect(() => timeMicrosOf(unzoned, 0)).to.throw(RecordError, 'ISO 8601 with its zone');
  });

  it('prefers timeMicros to time', () => {
    expect(timeMicrosOf({ payload: '', time: 1, timeMicros: 7 }, 0)).to.equal(7);
    expect(timeMicrosOf({ payload: '', timeMicros: Number.MAX_SAFE_INTEGER }, 0)).to.equal(
      Number.MAX_SAFE_INTEGER,
    );
  });

  const refused = [Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, new Date(Number.NaN), '1', null];
  for (const time of refused) {
    it(`refuses ${typeof time} ${String(time)} for a time and names the field`, () => {
      expect(() => timeMicrosOf(untyped({ payload: '', time }), 0))
        .to.throw(RecordError, 'expected a time in the years 1684 to 2255')
        .with.property('field', 'time');
    });
  }

  it('refuses microseconds beyond 2^53 - 1', () => {
    expect(() => timeMicrosOf({ payload: '', timeMicros: -(2 ** 53) }, 0))
      .to.throw(RecordError)
      .with.property('field', 'timeMicros');
  });
});

describe('metadataOf', () => {
  it('is undefined for a bare payload', () => {
    expect(metadataOf('text')).to.equal(undefined);
    expect(metadataOf(Uint8Array.of(1))).to.equal(undefined);
  });

  it('is the given metadata', () => {
    const metadata = { a: 'b' };
    expect(metadataOf({ payload: '', metadata })).to.equal(metadata);
  });

  it('is the record itself if one is copied, because its metadata may not be text', () => {
    const [record] = decodeArchive(encodeBlocks(['payload']));
    expect(record).to.not.equal(undefined);
    if (record !== undefined) expect(metadataOf(record)).to.equal(record);
  });
});

describe('loneSurrogate', () => {
  it('is a RecordError that names the field', () => {
    expect(loneSurrogate('payload')).to.be.instanceOf(RecordError);
    expect(loneSurrogate('payload').field).to.equal('payload');
  });
});

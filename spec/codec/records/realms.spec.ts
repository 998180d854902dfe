import { runInNewContext } from 'node:vm';

import { expect } from 'chai';

import {
  metadataOf,
  payloadOf,
  type RecordInput,
  timeMicrosOf,
} from '../../../lib/codec/records/record-input.js';
import { RecordError } from '../../../lib/errors/record-error.js';
import { decodeArchive } from '../../support/decode-archive.js';
import { encodeBlocks } from '../../support/encode-archive.js';

/** A record that a caller without types may pass, with values of another realm. */
function foreign(code: string): RecordInput {
  return runInNewContext(`(${code})`, { Buffer, URL, URLSearchParams, Headers }) as RecordInput;
}

describe('values of another realm', () => {
  const opaque = [
    'new Map([["a", 1]])',
    'new Set([1])',
    'new WeakMap()',
    'new Error("lost")',
    'Object.assign(new Error("lost"), { code: "ENOENT" })',
    'new (class extends TypeError {})("lost")',
    'Promise.resolve(1)',
    '/x/',
    'new ArrayBuffer(1)',
    'new SharedArrayBuffer(1)',
    'new Uint16Array(1)',
    'new DataView(new ArrayBuffer(1))',
    'new Map().entries()',
    'new URLSearchParams("a=b")',
    'new Headers({ a: "b" })',
    'new Date(NaN)',
    'function () {}',
    'Symbol("s")',
    'new Number(NaN)',
    'Object(Symbol("s"))',
    'new Proxy(new Map([[1, 2]]), {})',
  ];
  for (const value of opaque) {
    it(`${value} is refused as a payload, and inside one`, () => {
      expect(() => payloadOf(foreign(`{ payload: ${value} }`)))
        .to.throw(RecordError)
        .with.property('field', 'payload');
      expect(() => payloadOf(foreign(`{ payload: { list: [1, { deep: ${value} }] } }`))).to.throw(
        RecordError,
        'at list[1].deep, which JSON cannot hold',
      );
    });
  }

  const converted: ReadonlyArray<readonly [json: string, what: string]> = [
    ['new Map([["a", 1]])', 'a Map'],
    ['NaN', 'NaN'],
    ['new Date(0)', 'a Date'],
    ['() => 1', 'a function'],
  ];
  for (const [json, what] of converted) {
    it(`an object whose toJSON returns ${json} is refused as a payload, and inside one`, () => {
      const value = `{ toJSON() { return ${json}; } }`;
      expect(() => payloadOf(foreign(`{ payload: ${value} }`))).to.throw(
        RecordError,
        `is ${what} that toJSON returned, expected`,
      );
      expect(() => payloadOf(foreign(`{ payload: [{ deep: ${value} }] }`))).to.throw(
        RecordError,
        `has ${what} that toJSON returned at [0].deep, which`,
      );
      const inner = `{ toJSON() { return { inner: [new Set([1])] }; } }`;
      expect(() => payloadOf(foreign(`{ payload: { a: ${inner} } }`))).to.throw(
        RecordError,
        'has a Set at a.inner[0], which',
      );
    });
  }

  it('an object whose toJSON returns undefined is left out as a member, and refused elsewhere', () => {
    const value = '{ toJSON() {} }';
    expect(payloadOf(foreign(`{ payload: { a: ${value}, b: 1 } }`))).to.equal('{"b":1}');
    expect(() => payloadOf(foreign(`{ payload: [${value}] }`))).to.throw(RecordError, 'at [0]');
    expect(() => payloadOf(foreign(`{ payload: ${value} }`))).to.throw(RecordError);
  });

  for (const metadata of [
    'Object.create({ a: "b" })',
    'Object.create({ a: "b" }, { c: { value: "d", enumerable: true } })',
    'new (class { get a() { return "b"; } })()',
    'new Proxy(new Map([["a", "b"]]), {})',
  ]) {
    it(`metadata ${metadata} are refused, which would be written as none or some`, () => {
      const record = foreign(`{ payload: 1, metadata: ${metadata} }`);
      expect(() => encodeBlocks([record]))
        .to.throw(RecordError)
        .with.property('field', 'metadata');
    });
  }

  const stored: ReadonlyArray<readonly [value: string, json: string]> = [
    ['{ a: 1, b: undefined }', '{"a":1}'],
    ['[1, "two", null, []]', '[1,"two",null,[]]'],
    ['new Date(0)', '"1970-01-01T00:00:00.000Z"'],
    ['new URL("https://a.example/")', '"https://a.example/"'],
    ['Object.create(null)', '{}'],
    ['{}', '{}'],
    ['new Number(5)', '5'],
    ['new (class { x = 1 })()', '{"x":1}'],
    ['new (class extends Map { toJSON() { return [...this] } })([[1, 2]])', '[[1,2]]'],
    [
      '{ at: new Date(0), bytes: Buffer.from("a") }',
      '{"at":"1970-01-01T00:00:00.000Z","bytes":{"type":"Buffer","data":[97]}}',
    ],
  ];
  for (const [value, json] of stored) {
    it(`${value} is stored as ${json}`, () => {
      expect(payloadOf(foreign(`{ payload: ${value} }`))).to.equal(json);
    });
  }

  it('bytes are stored unchanged, bare and as a payload', () => {
    for (const code of ['new Uint8Array([1, 255])', 'Buffer.from([1, 255])']) {
      const [bare, given] = decodeArchive(
        encodeBlocks([foreign(code), foreign(`{ payload: ${code} }`)]),
      );
      for (const record of [bare, given]) expect(record?.payload).to.deep.equal(Buffer.of(1, 255));
    }
  });

  it('dates are times, and a Map is metadata', () => {
    const record = foreign(
      '{ payload: "", time: new Date(1500), metadata: new Map([["9", "a"]]) }',
    );
    expect(timeMicrosOf(record, 0)).to.equal(1_500_000);
    expect(decodeArchive(encodeBlocks([record]))[0]?.metadata).to.deep.equal({ 9: 'a' });
  });

  for (const value of ['new Set(["a"])', 'Promise.resolve()', 'new Headers({ a: "b" })']) {
    it(`${value} is refused as metadata`, () => {
      const record = foreign(`{ payload: "", metadata: ${value} }`);
      expect(() => encodeBlocks([record]))
        .to.throw(RecordError)
        .with.property('field', 'metadata');
    });
  }
});

describe('values that JSON would change', () => {
  const lost: ReadonlyArray<readonly [payload: unknown, what: string]> = [
    [Number.NaN, 'is NaN'],
    [Number.POSITIVE_INFINITY, 'is Infinity'],
    [{ a: Number.NaN }, 'has NaN at a'],
    [[undefined], 'has undefined at [0]'],
    // biome-ignore lint/suspicious/noSparseArray: the hole is the point
    [[1, , 3], 'has undefined at [1]'],
    [{ a: { b: () => 1 } }, 'has a function at a.b'],
    [{ a: Symbol('s') }, 'has Symbol(s) at a'],
    [{ error: new Error('lost') }, 'has a Error at error'],
    [{ bytes: new Uint8Array(1) }, 'has a Uint8Array at bytes'],
  ];
  for (const [payload, what] of lost) {
    it(`are refused: ${what}`, () => {
      expect(() => payloadOf({ payload } as RecordInput)).to.throw(RecordError, what);
    });
  }

  it('are named by a short path, however long the keys and deep the value', () => {
    let payload: unknown = new Map();
    for (let i = 0; i < 100; i++) payload = { [`key-${'x'.repeat(1000)}`]: payload };
    let message = '';
    try {
      payloadOf({ payload } as RecordInput);
    } catch (error) {
      message = String(error);
    }
    expect(message).to.include('has a Map at key-x').and.to.have.length.below(250);
  });
});

describe('the fields of a record', () => {
  const wrong: ReadonlyArray<readonly [record: object, hint: string]> = [
    [
      { payload: '', meta: { a: 'b' } },
      'field "meta" of a record is unknown: did you mean "metadata"?',
    ],
    [{ payload: '', metdata: {} }, 'did you mean "metadata"?'],
    [{ payload: '', Metadata: {} }, 'did you mean "metadata"?'],
    [{ paylod: 'x' }, 'did you mean "payload"?'],
    [{ payload: '', timeMicro: 1 }, 'did you mean "timeMicros"?'],
    [{ payload: '', timestamp: 1 }, 'did you mean "time"?'],
    [{ payload: '', source: 'x' }, 'expected one of payload, metadata, time, timeMicros'],
    [
      new (class {
        payload = '';
        level = 1;
      })(),
      'field "level"',
    ],
  ];
  for (const [record, hint] of wrong) {
    it(`are refused if they are unknown: ${Object.keys(record).join(', ')}`, () => {
      expect(() => payloadOf(record as RecordInput)).to.throw(RecordError, hint);
    });
  }

  it('may be undefined, inherited, or those of a record of another copy of this package', () => {
    const base = Object.create({ inherited: 1 });
    expect(payloadOf({ payload: 'x', meta: undefined } as RecordInput)).to.equal('x');
    expect(payloadOf(Object.assign(base, { payload: 'x' }))).to.equal('x');
    const [record] = decodeArchive(encodeBlocks(['x']));
    const copy = Object.defineProperty(
      { payload: 'x', sequence: 5, timeMicros: 1 },
      Symbol.for('shoebox-archive.ArchiveRecord'),
      { value: true },
    );
    for (const one of [record, copy]) {
      expect(String(payloadOf(one as RecordInput))).to.equal('x');
      expect(metadataOf(one as RecordInput)).to.equal(one);
    }
  });
});

import { expect } from 'chai';

import { readJsonPairs, splitMetadataMember } from '../../../lib/codec/json-lines/json-metadata.js';

function split(line: string, key = 'm'): [metadata: string, payload: string] | null {
  const found = splitMetadataMember(Buffer.from(line), key);
  return found && [found.metadata.toString(), found.payload.toString()];
}

describe('splitMetadataMember', () => {
  const lines: ReadonlyArray<readonly [line: string, metadata: string, payload: string]> = [
    ['{"m":{}}', '{}', '{}'],
    ['{"m":{},"a":1}', '{}', '{"a":1}'],
    ['{"m":{"k":"v"},"a":1}', '{"k":"v"}', '{"a":1}'],
    ['{"m":{"k":"}\\"}\\\\"},"a":{}}', '{"k":"}\\"}\\\\"}', '{"a":{}}'],
    ['{"m":{"k":"v"}, "a" : 1 }', '{"k":"v"}', '{ "a" : 1 }'],
    [' {"m":{} }\r', '{}', ' { }\r'],
    ['{"m":{} ,"a":1}', '{}', '{"a":1}'],
    ['{"m":{"__proto__":"x"}}', '{"__proto__":"x"}', '{}'],
  ];
  for (const [line, metadata, payload] of lines) {
    it(`splits ${line}`, () => {
      expect(split(line)).to.deep.equal([metadata, payload]);
    });
  }

  it('finds a key that JSON escapes', () => {
    expect(split('{"a\\"\\n":{}}', 'a"\n')).to.deep.equal(['{}', '{}']);
  });

  const others = [
    '',
    '{',
    '{}',
    '[]',
    '{"m"',
    '{"m":',
    '{"m":{',
    '{"m":{"k":"v"',
    '{"m":{"k":"}',
    '{"m":1}',
    '{"m":null}',
    '{"m":[{}]}',
    '{"m":"{}"}',
    '{"m":{"k":1}}',
    '{"m":{"k":{}}}',
    '{"m":{k}}',
    '{"m":{}',
    '{"m":{}x}',
    '{"n":{}}',
    '{"a":1,"m":{}}',
    'x{"m":{}}',
  ];
  for (const line of others) {
    it(`treats ${JSON.stringify(line)} as payload`, () => {
      expect(split(line)).to.equal(null);
    });
  }
});

describe('readJsonPairs', () => {
  const read = (json: string) => readJsonPairs(Buffer.from(json), 0, Buffer.byteLength(json));

  it('keeps the order of keys that look like integers', () => {
    expect(read('{"b":"1","10":"2","9":"3"}')).to.deep.equal([
      ['b', '1'],
      ['10', '2'],
      ['9', '3'],
    ]);
  });

  it('reads the escape of a lone surrogate as U+FFFD, in keys and values', () => {
    expect(read('{"\\ud800":"a\\udfff","\\ud83d\\ude00":"x"}')).to.deep.equal([
      ['\ufffd', 'a\ufffd'],
      ['\u{1f600}', 'x'],
    ]);
  });

  it('reads no pairs from no bytes', () => {
    expect(read('')).to.deep.equal([]);
  });
});

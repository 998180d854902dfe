import { expect } from 'chai';
import fc from 'fast-check';

import { isJson } from '../../../lib/codec/json-lines/json-syntax.js';

/** Whether `JSON.parse` takes the text. */
function isParsed(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('isJson', () => {
  it('agrees with JSON.parse on values, and on values that are cut or changed anywhere', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', '"', '\\', ',', ':', '{', '}', '[', ']', '0', '-', ' ', 'e', '\u0001'),
        (json, at, change) => {
          const cut = at % (json.length + 1);
          for (const text of [
            json,
            json.slice(0, cut),
            json.slice(0, cut) + change + json.slice(cut),
          ]) {
            if (text.includes('\n')) continue;
            expect(isJson(Buffer.from(text)), text).to.equal(isParsed(text));
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  for (const text of [
    '',
    ' ',
    '[]',
    '{}',
    '[{}]',
    '[[],{"a":[]}] ',
    '[1,]',
    '{"a":1,}',
    '{,}',
    '[,1]',
    '}',
    '{"a"}',
    '{1:2}',
    '1 2',
    '01',
    '-',
    '"\\x"',
    '"\\u12"',
    'nul',
    'true ',
    '[1}',
    '{"a":1]',
  ]) {
    it(`agrees with JSON.parse on ${JSON.stringify(text)}`, () => {
      expect(isJson(Buffer.from(text))).to.equal(isParsed(text));
    });
  }

  it('takes a bit of memory for each level of nesting', () => {
    const depth = 4_000_000;
    const deep = Buffer.alloc(2 * depth, '[');
    deep.fill(']', depth);
    const before = process.memoryUsage().heapUsed;
    expect(isJson(deep)).to.equal(true);
    expect(isJson(deep.subarray(1))).to.equal(false);
    expect(process.memoryUsage().heapUsed - before).to.be.below(20 * 2 ** 20);
  });
});

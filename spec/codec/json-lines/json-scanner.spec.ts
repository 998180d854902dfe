import { expect } from 'chai';

import type { JsonPath } from '../../../lib/codec/json-lines/json-path.js';
import { JsonScanner, ValueKind, WHOLE_JSON } from '../../../lib/codec/json-lines/json-scanner.js';

/** The text of each path's value, or where the first fault is. */
function scan(text: string, ...paths: JsonPath[]): (string | undefined)[] | number {
  const scanner = new JsonScanner(paths);
  const bytes = Buffer.from(text);
  scanner.load(bytes);
  const fault = scanner.scan(0, bytes.length);
  return fault === WHOLE_JSON ? paths.map((_, i) => scanner.textOf(i)) : fault;
}

describe('JsonScanner', () => {
  it('finds members wherever they are, with the digits of the source', () => {
    const text = '{"a":1.10,"n":{"a":2},"l":[{"b":3}],"b": "x\\n\\u00e9" ,"c":{ "d" : true }}';
    const paths = [['a'], ['b'], ['c'], ['c', 'd'], ['n', 'a'], ['d'], ['l']];
    const expected = ['1.10', 'x\né', '{ "d" : true }', 'true', '2', undefined, '[{"b":3}]'];
    expect(scan(text, ...paths)).to.deep.equal(expected);
  });

  it('counts the last of members with one name, and all that was below the others is gone', () => {
    expect(scan('{"a":1,"a":2}', ['a'])).to.deep.equal(['2']);
    expect(scan('{"a":{"b":1},"a":{"c":2}}', ['a', 'b'], ['a', 'c'])).to.deep.equal([
      undefined,
      '2',
    ]);
    expect(scan('{"a":{"b":1},"a":null}', ['a', 'b'], ['a'])).to.deep.equal([undefined, undefined]);
  });

  it('knows a name by its characters, however they are escaped', () => {
    const names = ['event', '/é"\\\b\f\n\r\t', '\u{1f600}', '€', ''];
    for (const name of names) {
      const units = Array.from({ length: name.length }, (_, i) => name.charCodeAt(i));
      const escaped = units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
      for (const key of [JSON.stringify(name), `"${escaped}"`, `"${escaped.toUpperCase()}"`]) {
        if (key.includes('\\U')) continue;
        expect(scan(`{${key}:1,"x":2}`, [name]), key).to.deep.equal(['1']);
      }
    }
    expect(scan('{"\\/":1}', ['/'])).to.deep.equal(['1']);
    expect(scan('{"\\u0065vents":1,"\\u0065ven":2,"\\ud800":3}', ['event'])).to.deep.equal([
      undefined,
    ]);
  });

  it('takes no text of a string for a member, and no member of another object', () => {
    const text = '{"t":"{\\"event\\":1}","u":"}],{[","list":[["event",2]],"o":{"event":3}}';
    expect(scan(text, ['event'])).to.deep.equal([undefined]);
    expect(scan('[{"event":1}]', ['event'])).to.deep.equal([undefined]);
    expect(scan('{"a":[{"b":1}]}', ['a', 'b'])).to.deep.equal([undefined]);
  });

  it('decodes half of a surrogate pair as U+FFFD', () => {
    expect(scan('{"a":"\\ud800!"}', ['a'])).to.deep.equal(['\ufffd!']);
  });

  const faulty: ReadonlyArray<readonly [text: string, fault: number]> = [
    ['', 0],
    ['  ', 2],
    ['{"a":1', 6],
    ['{"a":1}}', 7],
    ['{"a":1}{"b":2}', 7],
    ['{"a" 1}', 5],
    ['{"a":1,}', 7],
    ['{a:1}', 1],
    ['[1,]', 3],
    ['[1 2]', 3],
    ['{"a":"x', 7],
    ['{"a":"\\x"}', 6],
    ['{"a":"\\u12g4"}', 6],
    ['{"a":"tab\there"}', 9],
    ['tru', 0],
    ['nulls', 4],
    ['01', 0],
    ['-', 1],
    ['1.', 2],
    ['1e', 2],
    ['+1', 0],
    ['\ufeff{}', 0],
    ['plain text', 0],
  ];
  for (const [text, fault] of faulty) {
    it(`finds the fault of ${JSON.stringify(text)}`, () => {
      expect(() => JSON.parse(text)).to.throw(SyntaxError);
      expect(scan(text, ['a'])).to.equal(fault);
    });
  }

  it('stops at the end of its text, whatever follows in the same memory', () => {
    const lines = ['tru', '{"a":"x', '[1', '-', '"\\', '"\\u00', '12', '{"a"', '{"a":', '{', ''];
    const bytes = Buffer.from(`${lines.join('\n')}\ne\n`);
    const scanner = new JsonScanner([]);
    scanner.load(bytes);
    let start = 0;
    for (const line of lines) {
      const fault = scanner.scan(start, start + line.length);
      expect(fault === WHOLE_JSON, line).to.equal(line === '12');
      start += line.length + 1;
    }
  });

  it('checks any nesting, and gives the memory of a large text back', () => {
    const depth = 1_000_000;
    const text = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    expect(scan(text)).to.deep.equal([]);
    expect(scan(`${text}]`)).to.equal(2 * depth);
    expect(scan('{"a":1}', ['a'])).to.deep.equal(['1']);
  });

  it('works beside another scanner, and refuses to scan what that one has replaced', () => {
    const [first, second] = [new JsonScanner([['a']]), new JsonScanner([['b'], ['c']])];
    const bytes = Buffer.from('{"a":1,"b":2}');
    for (let i = 0; i < 3; i++) {
      first.load(bytes);
      expect(first.scan(0, bytes.length)).to.equal(WHOLE_JSON);
      expect(first.textOf(0)).to.equal('1');
      second.load(bytes);
      expect(() => first.scan(0, bytes.length)).to.throw('another scanner');
      expect(second.scan(0, bytes.length)).to.equal(WHOLE_JSON);
      expect([second.textOf(0), second.textOf(1)]).to.deep.equal(['2', undefined]);
      expect(second.kindOf(1)).to.equal(ValueKind.missing);
    }
  });
});

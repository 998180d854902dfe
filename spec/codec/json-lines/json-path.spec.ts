import { expect } from 'chai';

import { parseJsonPath } from '../../../lib/codec/json-lines/json-path.js';

describe('parseJsonPath', () => {
  const paths: ReadonlyArray<readonly [text: string, ...path: string[]]> = [
    ['.event', 'event'],
    ['.user.id', 'user', 'id'],
    ['."a.b".c', 'a.b', 'c'],
    ['."\\u0065\\""', 'e"'],
    ['.""', ''],
    ['. x', ' x'],
    ['.__proto__', '__proto__'],
    ['.größe.0', 'größe', '0'],
    ['."a[0]"', 'a[0]'],
  ];
  for (const [text, ...path] of paths) {
    it(`reads ${text}`, () => {
      expect(parseJsonPath(text, 'time')).to.deep.equal(path);
    });
  }

  for (const text of [
    '',
    '.',
    'event',
    '.a.',
    '..a',
    '."a',
    '.a"b',
    '.a[0]',
    '."\\x"',
    '."\\ud800"',
    7,
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseJsonPath(text, 'time')).to.throw(TypeError, /^time is .*, expected a path/);
    });
  }
});

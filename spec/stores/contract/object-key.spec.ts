import { expect } from 'chai';

import { quote } from '../../../lib/errors/show.js';
import { checkObjectKey, objectKeyProblem } from '../../../lib/stores/contract/object-key.js';

describe('checkObjectKey', () => {
  for (const key of [
    'a',
    'a/b/c.events.gz',
    '...',
    '.hidden',
    'a..b/..c',
    'with space',
    'ünï/😀',
    'back\\slash',
    'k'.repeat(1024),
    'é'.repeat(512),
  ]) {
    it(`accepts ${show(key)}`, () => {
      checkObjectKey(key);
      expect(objectKeyProblem(key)).to.equal(undefined);
    });
  }

  const refused: [key: string, problem: string][] = [
    ['', 'is empty'],
    ['/a', 'begins with a slash'],
    ['/', 'begins with a slash'],
    ['a/', 'has an empty segment'],
    ['a//b', 'has an empty segment'],
    ['.', 'has the segment .'],
    ['..', 'has the segment ..'],
    ['../a', 'has the segment ..'],
    ['a/../../b', 'has the segment ..'],
    ['a/./b', 'has the segment .'],
    ['a/..', 'has the segment ..'],
    ['a\0b', 'holds a control character'],
    ['a\nb', 'holds a control character'],
    ['a\x7fb', 'holds a control character'],
    ['a\ud800', 'holds half of a surrogate pair'],
    ['k'.repeat(1025), 'has 1025 bytes, at most 1024 are allowed'],
    [`${'é'.repeat(512)}k`, 'has 1025 bytes, at most 1024 are allowed'],
  ];
  for (const [key, problem] of refused) {
    it(`refuses ${show(key)}: it ${problem}`, () => {
      const message = `object key ${quote(key)} ${problem}`;
      expect(() => checkObjectKey(key)).to.throw(RangeError, message);
    });
  }
});

function show(key: string): string {
  const text = JSON.stringify(key);
  return text.length > 40 ? `${text.slice(0, 10)}… of ${key.length}` : text;
}

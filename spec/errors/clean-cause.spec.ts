import { inspect } from 'node:util';

import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';
import { StoreError } from '../../lib/errors/store-error.js';

const URL_WITH_SECRET = 'http://user:hunter2@host';

describe('the cause of an error', () => {
  it('shows no secret, no control character and little of a long text, however deep it is', () => {
    const inner = new Error(`${URL_WITH_SECRET}\u001b[2J${'x'.repeat(1e6)}`);
    const both = new AggregateError([inner, 'no error'], `at ${URL_WITH_SECRET}`);
    const cause = new Error('outer', { cause: both });
    const error = new ArchiveError('ERR_X', 'failed', { cause });
    for (const colors of [false, true]) {
      const shown = inspect(error, { colors, depth: 10 });
      expect(shown).to.not.include('hunter2').and.not.include('\u001b[2J');
      expect(shown.length).to.be.below(60_000);
    }
    expect(error.cause).to.equal(cause);
    expect(`${inner.message} ${inner.stack}`).to.not.include('hunter2');
  });

  it('may be frozen, circular, or no error', () => {
    const frozen = Object.freeze(new Error(URL_WITH_SECRET));
    const circular = new Error('a', { cause: frozen });
    circular.cause = circular;
    for (const cause of [frozen, circular, undefined, null, 5, 'text', { message: 5 }]) {
      expect(inspect(new ArchiveError('ERR_X', 'failed', { cause }))).to.not.include('hunter2');
    }
  });
});

describe('an error in console.log', () => {
  it('escapes what reorders text in its fields, which stay exact', () => {
    const target = 's3://bucket/a\u202eb\u200b';
    const error = new StoreError({ operation: 'put', target, problem: 'c', transient: false });
    expect(error.target).to.equal(target);
    const shown = inspect(error);
    expect(shown).to.include("target: 's3://bucket/a\\u202eb\\u200b'").and.to.include('\n    at ');
    expect(shown).to.not.match(/[\u202e\u200b]/);
    expect(inspect({ nested: { error } })).to.include('\\u202e');
    expect(inspect([error], { depth: 0 })).to.match(/^\[ \[StoreError: cannot put .*: c\] \]$/);
    expect(inspect(error, { colors: true })).to.include('\u001b[32m');
  });
});

import { inspect } from 'node:util';

import { expect } from 'chai';

import { ArchiveError } from '../../lib/errors/archive-error.js';
import { quote, show, toMessage } from '../../lib/errors/show.js';
import { openStore } from '../../lib/stores/open-store.js';

describe('toMessage', () => {
  it('keeps an ordinary message as it is', () => {
    for (const text of [
      'cannot put s3://bucket/pre/a@b.events: there is no such object',
      'cannot reach http://127.0.0.1:9000/bucket/a@b (ECONNREFUSED); is the endpoint right?',
      'check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or the profile',
      'ünï/😀, "quoted"',
    ]) {
      expect(toMessage(text)).to.equal(text);
    }
  });

  for (const [text, shown] of [
    ['at http://user:pass@host:9000/x', 'at http://***@host:9000/x'],
    ['at https://long-token@host/x', 'at https://***@host/x'],
    ['s3://AKIA:ab/cd+ef=@bucket/x', 's3://***@bucket/x'],
    ['?X-Amz-Signature=abc&b=c', '?X-Amz-Signature=***&b=c'],
    [
      '?X-Amz-Credential=a%2Fb&X-Amz-Security-Token=x',
      /^\?X-Amz-Credential=\*\*\*&.*Token=\*\*\*$/,
    ],
    ['aws_secret_access_key = abc', 'aws_secret_access_key = ***'],
    ["{ secretAccessKey: 'abc', b: 1 }", "{ secretAccessKey: '***', b: 1 }"],
    ['"sessionToken":"abc"', '"sessionToken":"***"'],
  ] as const) {
    it(`hides the secret in ${text}`, () => {
      const message = toMessage(text);
      if (typeof shown === 'string') expect(message).to.equal(shown);
      else expect(message).to.match(shown);
    });
  }

  it('escapes what moves the cursor, breaks lines or reorders text', () => {
    expect(toMessage('a\nb\u001b[2Jc\u0000d\u202ee\u007f')).to.equal(
      'a\\nb\\u001b[2Jc\\u0000d\\u202ee\\u007f',
    );
    expect(toMessage('half \ud800')).to.equal('half \\ud800');
  });

  it('escapes every invisible character', () => {
    for (const point of [0xad, 0x61c, 0x200b, 0x200d, 0x2028, 0x2060, 0xfeff, 0xe0041]) {
      const character = String.fromCodePoint(point);
      expect(toMessage(`a${character}b`)).to.match(/^a\\u(?:[\da-f]{4}|\{e0041\})b$/);
    }
  });

  it('keeps both ends of a long text, and no part of a secret at the cut', () => {
    const text = `begin ${'x'.repeat(10_000_000)} end`;
    expect(toMessage(text)).to.match(/^begin x+… \d+ more characters …x+ end$/);
    expect(toMessage(text).length).to.be.below(8300);
    for (let before = 6100; before < 6200; before++) {
      const cut = `${' '.repeat(before)}http://user:hunter2@host${' '.repeat(9000)}`;
      expect(toMessage(cut)).to.not.include('hunter');
      const begun = `${' '.repeat(9000)}secretAccessKey: 'hunter2'${' '.repeat(before - 4096)}`;
      expect(toMessage(begun)).to.not.include('hunter');
    }
  });

  it('takes time linear in the text', () => {
    for (const piece of ['://', '://a:', 'secretAccessKey', 'signature=', '\u0000', ':// @']) {
      // Quadratic time would be hours, which ends by mocha's timeout.
      // An escape of one character takes six.
      expect(toMessage(piece.repeat(1_000_000)).length, piece).to.be.below(6 * 8300);
    }
  });
});

describe('quote and show', () => {
  it('are short, on one line and without secrets', () => {
    expect(quote('a"b')).to.equal('"a\\"b"');
    expect(quote('x'.repeat(1e6)).length).to.be.below(300);
    expect(show({ text: 'x'.repeat(1e6), list: Array(1e6).fill(1) }).length).to.be.below(300);
    expect(show({ secretAccessKey: 'abc' })).to.equal("{ secretAccessKey: '***' }");
    expect(quote(7)).to.equal('7');
  });
});

describe('every error', () => {
  it('shows no more than toMessage, in its message and in its stack', () => {
    const error = new ArchiveError('ERR_X', `at http://user:pass@host ${'y'.repeat(1e6)}`);
    expect(inspect(error)).to.not.include('pass');
    expect(inspect(error).length).to.be.below(20_000);
  });

  it('hides the keys in the URL of a store', () => {
    expect(() => openStore('s3://AKIA:se/cret@bucket')).to.throw(RangeError, '***@bucket');
    expect(() => openStore('ftp://user:secret@host')).to.throw(RangeError, 'ftp://***@host');
  });
});

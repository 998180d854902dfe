import { expect } from 'chai';

import {
  parseRollingWriteOptions,
  type RollingWriteOptions,
} from '../../lib/writing/rolling-write-options.js';
import { RollingWriteStream } from '../../lib/writing/rolling-write-stream.js';

describe('parseRollingWriteOptions', () => {
  it('needs only a directory', () => {
    const settings = parseRollingWriteOptions({ directory: 'a' });
    expect(settings).to.include({
      directory: 'a',
      invalid: 'fail',
      flushIntervalMs: 1000,
      maxPendingBytes: 64 * 2 ** 20,
      maxUnsyncedBytes: 8 * 2 ** 20,
      endTimeoutMs: 60_000,
    });
    expect(settings.settings).to.include({ format: 'v2', blockBytes: 128 * 2 ** 10 });
    expect(settings.writerId).to.have.length(8);
    expect(settings.handlers).to.deep.equal([]);
  });

  it('gives each writer an id of its own', () => {
    const [first, second] = [1, 2].map(() => parseRollingWriteOptions({ directory: 'a' }).writerId);
    expect(first).not.to.deep.equal(second);
  });

  it('rolls by 100 MiB or 5 minutes by default', () => {
    const { policy } = parseRollingWriteOptions({ directory: 'a' });
    const archive = {
      ...{ bytes: 1, records: 1, openedAt: 0, lastWriteAt: 0 },
      ...{ firstTime: null, lastTime: null },
    };
    expect(policy.isDue(archive, 299_999)).to.equal(false);
    expect(policy.isDue(archive, 300_000)).to.equal(true);
    expect(policy.isDue({ ...archive, bytes: 100 * 2 ** 20 }, 0)).to.equal(true);
    expect(policy.dueAt?.(archive)).to.equal(300_000);
  });

  const wrong: [option: object, kind: ErrorConstructor, message: RegExp][] = [
    [{ directory: undefined }, TypeError, /^directory is undefined, expected a path$/],
    [{ directory: '' }, TypeError, /^directory is "", expected a path$/],
    [{ directory: 5 }, TypeError, /^directory is 5, expected a path$/],
    [{ invalid: 'drop' }, TypeError, /^invalid is "drop", expected 'fail' or 'skip'$/],
    [{ format: 'v3' }, TypeError, /^format is "v3", expected 'v2', 'v1' or 'jsonl'$/],
    [{ metadataKey: 'm' }, TypeError, /^metadataKey goes with format 'jsonl', not with 'v2'$/],
    [{ blockBytes: '17 MiB' }, RangeError, /^blockBytes is "17 MiB", expected 1 byte to 16 MiB$/],
    [{ index: 'event' }, TypeError, /^index is 'event', expected a list of keys$/],
    [{ index: [5] }, TypeError, /^index\[0\] is 5, expected a key that UTF-8 can hold$/],
    [
      { index: ['a', '\ud800'] },
      TypeError,
      /^index\[1\] is .*, expected a key that UTF-8 can hold$/,
    ],
    [{ index: ['a', 'b', 'a'] }, RangeError, /^index\[2\] is "a" once more$/],
    [
      { index: ['ä'.repeat(600)] },
      RangeError,
      /^index\[0\] has 1200 bytes, expected at most 1024$/,
    ],
    [
      { index: Array.from({ length: 33 }, (_, i) => `${i}`) },
      RangeError,
      /^index has 33 keys, expected at most 32$/,
    ],
    [{ index: ['a'], format: 'v1' }, TypeError, /^index goes with format 'v2', not with 'v1'$/],
    [{ maxRecordBytes: 0 }, RangeError, /^maxRecordBytes is 0, expected/],
    [{ maxPendingBytes: -1 }, RangeError, /^maxPendingBytes is -1, expected/],
    [{ flushInterval: 'soon' }, RangeError, /^flushInterval is "soon", expected/],
    [{ endTimeout: -1 }, RangeError, /^endTimeout is -1, expected/],
    [{ roll: 'hourly' }, TypeError, /^roll is 'hourly', expected a policy, a function or a list/],
    [{ roll: [{}] }, TypeError, /^roll is \{\}, expected a policy/],
    [{ handlers: {} }, TypeError, /^handlers is \{\}, expected a list$/],
    [{ handlers: [{ onOpen() {} }, {}] }, TypeError, /^handlers\[1\] is \{\}, expected onOpen/],
    [
      { handlers: [{ onOpen() {}, onSeald() {} }] },
      TypeError,
      /^handlers\[0\] has an unknown function "onSeald": did you mean "onSealed"\?$/,
    ],
    [{ handlers: [null] }, TypeError, /^handlers\[0\] is null, expected onOpen/],
    [{ writerId: 12345678 }, TypeError, /^writerId is 12345678, expected 8 bytes$/],
    [{ writerId: '' }, RangeError, /^writerId is "", expected a name, or 8 bytes$/],
    [{ writerId: Buffer.alloc(7) }, RangeError, /^writerId has 7 bytes, expected 8$/],
    [{ template: 'a/../b' }, RangeError, /^template "a\/..\/b" leads outside of the directory$/],
    [{ signal: 5 }, TypeError, /^signal is 5, expected an AbortSignal$/],
    [{ signal: null }, TypeError, /^signal is null, expected an AbortSignal$/],
    [{ signal: {} }, TypeError, /^signal is \{\}, expected an AbortSignal$/],
  ];
  for (const [option, kind, message] of wrong) {
    const [name] = Object.keys(option);
    it(`refuses a wrong ${name} at once: ${message.source}`, () => {
      const options: RollingWriteOptions = { directory: 'none', ...option };
      expect(() => new RollingWriteStream(options)).to.throw(kind, message);
    });
  }
});

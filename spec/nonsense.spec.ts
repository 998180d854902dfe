import { inspect } from 'node:util';

import { expect } from 'chai';

import * as shoebox from '../lib/index.js';

/** Values that are never what was meant. */
const NONSENSE: readonly unknown[] = [null, 5, {}, () => 1, Symbol('x'), true];

const call = (callee: CallableFunction, ...args: readonly unknown[]): unknown =>
  Reflect.apply(callee, undefined, args);
const make = (maker: NewableFunction, ...args: readonly unknown[]): unknown =>
  Reflect.construct(maker, args);
const write = (options: object) =>
  call(shoebox.createArchiveWriter, { directory: 'x', ...options });
const read = (options: object) => call(shoebox.createArchiveReader, 'none/*', options);

async function put(key: unknown, body: unknown, options?: unknown): Promise<void> {
  const store = new shoebox.DirectoryStore('/none/such');
  await Reflect.apply(store.put, store, [key, body, options]);
}

/** Each takes nonsense in one place. */
const places: Readonly<Record<string, (value: unknown) => unknown>> = {
  'a store': (value) => call(shoebox.openStore, value),
  'the directory of moveTo': (value) => call(shoebox.moveTo, value),
  'an extension': (value) => call(shoebox.changeExtension, value),
  'the name of a handler': (value) => call(shoebox.loadHandler, value),
  'the template of an ArchiveTemplate': (value) => make(shoebox.ArchiveTemplate, value),
  'the clock of a writer': (value) => write({ clock: value }),
  'the files of a writer': (value) => write({ files: value }),
  'the signal of a writer': (value) => write({ signal: value }),
  'the directory of a writer': (value) => write({ directory: value }),
  'where to ship': (value) => write({ ship: { to: value } }),
  'the compression of what is shipped': (value) => write({ ship: { to: 'y', compression: value } }),
  'the clock of a reader': (value) => read({ clock: value }),
  'the files of a reader': (value) => read({ files: value }),
  'the signal of a reader': (value) => read({ signal: value }),
  'the template of a writer': (value) => write({ template: value }),
  'the writer id of a writer': (value) => write({ writerId: value }),
  'the handlers of a writer that ships': (value) => write({ ship: { to: 'y' }, handlers: value }),
  'the writer id of an Encoder': (value) => make(shoebox.Encoder, { writerId: value }),
  'the path of verifyArchive': (value) => call(shoebox.verifyArchive, value),
  'the path of repairArchive': (value) => call(shoebox.repairArchive, value, 'x'),
  'the target of repairArchive': (value) => call(shoebox.repairArchive, 'x', value),
  'the directory of a DirectoryStore': (value) => make(shoebox.DirectoryStore, value),
  'the URL of an S3Store': (value) => make(shoebox.S3Store, value),
  'the order of a reader': (value) => read({ order: value }),
  'whenDamaged of a Decoder': (value) => make(shoebox.Decoder, { whenDamaged: value }),
  'the archive of a Decoder': (value) => make(shoebox.Decoder, { archive: value }),
  'the clock of an Encoder': (value) => make(shoebox.Encoder, { clock: value }),
  'the client of an S3Store': (value) => make(shoebox.S3Store, 's3://bucket', { client: value }),
  'the body of a put': (value) => put('key', value),
  'whenTaken of a put': (value) => put('key', value, { whenTaken: value }),
};

describe('a value that makes no sense', () => {
  for (const [place, use] of Object.entries(places)) {
    it(`is shown by the error, for ${place}`, async () => {
      for (const value of NONSENSE) {
        let error: unknown;
        try {
          await use(value);
        } catch (thrown) {
          error = thrown;
        }
        expect(error, String(value)).to.be.instanceOf(TypeError);
        expect(String(error)).to.match(/ is .*, expected /s);
      }
    });
  }

  it('is text for a flag, which would count as true', () => {
    expect(() => read({ allowEmpty: 'false' })).to.throw(TypeError, 'allowEmpty is "false"');
    expect(() => write({ utc: 'no' })).to.throw(TypeError, 'utc is "no", expected true or false');
  });

  it('is null for an option with a default', () => {
    const uses: readonly ((value: null) => unknown)[] = [
      (roll) => write({ roll }),
      (flushInterval) => write({ flushInterval }),
      (maxUnsyncedBytes) => write({ maxUnsyncedBytes }),
      (blockBytes) => write({ blockBytes }),
      (flushInterval) => make(shoebox.Encoder, { flushInterval }),
      (offset) => call(shoebox.rollAtClock, '1h', { offset }),
      (partBytes) => make(shoebox.S3Store, 's3://bucket', { partBytes }),
      (concurrentParts) => make(shoebox.S3Store, 's3://bucket', { concurrentParts }),
      (requestTimeout) => make(shoebox.S3Store, 's3://bucket', { requestTimeout }),
    ];
    for (const use of uses) expect(() => use(null)).to.throw(/is null, expected /);
  });

  it('is a built-in object in place of options, which would count as none', () => {
    for (const value of [
      new Map([['from', 0]]),
      new Set(),
      new Date(),
      Promise.resolve(),
      [],
      /a/,
    ]) {
      expect(() => call(shoebox.createArchiveReader, 'none/*', value)).to.throw(
        TypeError,
        'expected an object of options',
      );
    }
  });

  it('is a Map or a list for metadata to select, which would select everything', () => {
    for (const where of [new Map([['a', 'b']]), [['a', 'b']], null, new Date()]) {
      expect(() => read({ where })).to.throw(TypeError, 'expected an object of strings');
    }
  });

  it('is null or false for a time, which would be 1970', () => {
    for (const from of [null, false]) {
      expect(() => read({ from })).to.throw(RangeError, `from is ${from}, expected a Date`);
    }
  });
});

describe('hostile text', () => {
  const text = `http://user:hunter2@host\u001b[2J\u202e\n${'x'.repeat(1e6)}`;
  const users: Readonly<Record<string, () => unknown>> = {
    'a local pattern': () => call(shoebox.createArchiveReader, text),
    'an S3 pattern': () => call(shoebox.createArchiveReader, `s3:${text}`),
    'a file URL': () => call(shoebox.createArchiveReader, `file://${text}`),
    'a pattern of a store': () => call(shoebox.createArchiveReader, { store: 5, pattern: text }),
    'a time': () => read({ from: text }),
    'a duration in a list': () => write({ flushInterval: [text] }),
    'a size in a list': () => write({ maxUnsyncedBytes: [text] }),
    'a template': () => write({ template: text }),
    'a key template': () => write({ ship: { to: 'x', key: text } }),
    'an option name': () => write({ [text]: 1 }),
    'an endpoint': () => make(shoebox.S3Store, 's3://bucket', { endpoint: text }),
    'a store': () => call(shoebox.openStore, text),
    'an extension': () => call(shoebox.changeExtension, `${text}.open`),
    'a metadata key': () => call(shoebox.toJsonLines, { lossless: true, metadata: text }),
    'the name of a handler': () => call(shoebox.loadHandler, text),
    'an object key': () => put(text, []),
  };
  for (const [place, use] of Object.entries(users)) {
    it(`is shown short, on one line and without secrets, for ${place}`, async () => {
      let error: unknown;
      try {
        await use();
      } catch (thrown) {
        error = thrown;
      }
      expect(error).to.be.instanceOf(Error);
      expect(error)
        .to.have.property('message')
        .that.does.not.match(/[\n\u202e]/);
      expect(inspect(error)).to.not.include('hunter2').and.not.include('\u001b[2J');
      expect(inspect(error).length).to.be.below(20_000);
    });
  }
});

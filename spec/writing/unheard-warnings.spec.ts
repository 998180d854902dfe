import { join } from 'node:path';

import { expect } from 'chai';

import { StoreError } from '../../lib/errors/store-error.js';
import { createArchiveWriter } from '../../lib/shipping/create-archive-writer.js';
import { DirectoryStore } from '../../lib/stores/directory/directory-store.js';
import type { ArchiveFailure } from '../../lib/writing/handlers/archive-failure.js';
import { createUnheardWarnings } from '../../lib/writing/unheard-warnings.js';
import { TemporaryDirectories } from '../support/series.js';
import { warningsOf } from '../support/warnings.js';

function failure(operation: string, transient?: boolean): ArchiveFailure {
  const archive = { path: '/spool/a.events', name: 'a.events' };
  const problem = 'the bucket does not exist';
  const fact = { operation: 'put', target: 's3://none/a.events.gz', problem };
  const error = transient === undefined ? new Error('no') : new StoreError({ ...fact, transient });
  return { archive, operation, error };
}

describe('createUnheardWarnings', () => {
  it('warns of a permanent failure, once for each operation', async () => {
    const warnings = await warningsOf(() => {
      const unheard = createUnheardWarnings();
      for (let i = 0; i < 3; i++) unheard.failed?.(failure('ship', false));
      unheard.failed?.(failure('handler 1'));
    });
    expect(warnings.map(({ code }) => code)).to.deep.equal(['SHOEBOX_FAILED', 'SHOEBOX_FAILED']);
    expect(warnings[0]?.message).to.equal(
      'ship of a.events failed: cannot put s3://none/a.events.gz: the bucket does not exist ' +
        `(the writer's event "failed" reports all)`,
    );
    expect(warnings[1]?.message).to.match(/^handler 1 of a\.events failed: no/);
  });

  it('escapes the control characters of a name', async () => {
    const warnings = await warningsOf(() => {
      const archive = { path: 'a', name: 'a\n\u001b[31m.events' };
      createUnheardWarnings().failed?.({ ...failure('recover'), archive });
    });
    expect(warnings[0]?.message).to.match(/^recover of a\\\S+\.events failed: no/);
  });

  it('warns of failures that may pass only if they last', async () => {
    const unheard = createUnheardWarnings();
    const early = await warningsOf(() => {
      for (let i = 0; i < 4; i++) unheard.failed?.(failure('ship', true));
    });
    expect(early).to.deep.equal([]);
    const late = await warningsOf(() => unheard.failed?.(failure('ship', true)));
    expect(late.map(({ code }) => code)).to.deep.equal(['SHOEBOX_FAILED']);
  });

  it('warns once of a disk that refuses a step', async () => {
    const warnings = await warningsOf(() => {
      const { stalled } = createUnheardWarnings();
      stalled?.({ operation: 'write', archive: 'a.events', error: new Error('no room') });
      stalled?.({ operation: 'sync', archive: 'a.events', error: new Error('no room') });
    });
    expect(warnings.map(({ code, message }) => ({ code, message }))).to.deep.equal([
      {
        code: 'SHOEBOX_STALLED',
        message:
          'the writer waits, because write of a.events fails: no room ' +
          `(the writer's event "stalled" reports all)`,
      },
    ]);
  });

  it('does not warn of tidying up', async () => {
    const warnings = await warningsOf(() => {
      const unheard = createUnheardWarnings();
      unheard.failed?.(failure('abort-upload', false));
      unheard.failed?.(failure('journal', false));
    });
    expect(warnings).to.deep.equal([]);
  });
});

describe('a writer with a wrong bucket', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  for (const [listener, count] of [
    ['no listener', 1],
    ['a listener', 0],
  ] as const) {
    it(`warns ${count} times with ${listener} of its event failed`, async () => {
      const directory = await directories.make();
      const store = new DirectoryStore(join(directory, 'store'));
      store.put = async (key) => {
        const problem = 'the bucket does not exist';
        throw new StoreError({ operation: 'put', target: key, problem, transient: false });
      };
      const warnings = await warningsOf(async () => {
        const writer = createArchiveWriter({ directory, ship: { to: store } });
        if (count === 0) writer.on('failed', () => undefined);
        for (const payload of ['1', '2', '3']) {
          writer.append({ payload });
          await writer.roll();
        }
        await writer.close({ deadlineMs: 500 });
      });
      expect(warnings.map(({ code }) => code)).to.deep.equal(
        Array.from({ length: count }, () => 'SHOEBOX_FAILED'),
      );
    });
  }
});

describe('the event invalid', () => {
  const directories = new TemporaryDirectories();

  afterEach(() => directories.remove());

  it('has each skipped input, and the reason', async () => {
    const writer = createArchiveWriter({ directory: await directories.make(), invalid: 'skip' });
    const skipped: unknown[] = [];
    writer.on('invalid', ({ reason, record }) => skipped.push([reason.field, record]));
    const untyped = (record: unknown) => Reflect.apply(writer.write, writer, [record]);
    const noPayload = { metadata: { a: 'b' } };
    untyped(noPayload);
    untyped({ payload: 'good' });
    untyped({ payload: 'x', time: 'yesterday' });
    await writer.close();
    expect(skipped).to.deep.equal([
      ['payload', noPayload],
      ['time', { payload: 'x', time: 'yesterday' }],
    ]);
    expect(writer.stats()).to.include({ records: 1, skipped: 2 });
  });
});

import { expect } from 'chai';

import {
  type ArchiveHandler,
  isArchiveHandler,
} from '../../../lib/writing/handlers/archive-handler.js';
import { runOpenHandlers, runSealedHandlers } from '../../../lib/writing/handlers/run-handlers.js';
import { sealedArchive } from '../../support/sealed-archive.js';

const ARCHIVE = sealedArchive('/spool/a.events');

/** The arguments of `onFailure`, with the path of the archive. */
type Failure = readonly [name: string, error: unknown, path: string];

describe('runSealedHandlers', () => {
  it('returns the same archive if no handler moves it', async () => {
    const { result } = await run({ onSealed: () => undefined }, {}, { onSealed: async () => {} });
    expect(result).to.equal(ARCHIVE);
  });

  it('passes each handler the path that the previous one returned', async () => {
    const seen: string[] = [];
    const moving = (path: string): ArchiveHandler => ({
      onSealed: async (archive) => {
        seen.push(`${archive.path} ${archive.name}`);
        return path;
      },
    });
    const { result } = await run(moving('/spool/b.events'), moving('/other/c.events'));
    expect(seen).to.deep.equal(['/spool/a.events a.events', '/spool/b.events b.events']);
    expect(result).to.deep.equal({ ...ARCHIVE, path: '/other/c.events', name: 'c.events' });
  });

  it('awaits each handler before it calls the next', async () => {
    const steps: string[] = [];
    const slow: ArchiveHandler = {
      async onSealed() {
        steps.push('begin');
        await new Promise<void>((resolve) => setImmediate(resolve));
        steps.push('end');
      },
    };
    await run(slow, slow);
    expect(steps).to.deep.equal(['begin', 'end', 'begin', 'end']);
  });

  it('stops at a handler that returns null because the file is gone', async () => {
    const called: string[] = [];
    const after: ArchiveHandler = { onSealed: ({ path }) => void called.push(path) };
    const { result } = await run({ onSealed: () => null }, after);
    expect(result).to.equal(null);
    expect(called).to.deep.equal([]);
  });

  it('reports a handler that fails, and continues with the unchanged path', async () => {
    const throwing = new Error('now');
    const rejecting = new Error('later');
    const { result, failures } = await run(
      { onSealed: () => '/spool/b.events' },
      { name: 'thrower', onSealed: () => fail(throwing) },
      { onSealed: () => Promise.reject(rejecting) },
      { onSealed: ({ path }) => `${path}.done` },
    );
    expect(failures).to.deep.equal([
      ['thrower', throwing, '/spool/b.events'],
      ['handler 3', rejecting, '/spool/b.events'],
    ]);
    expect(result?.path).to.equal('/spool/b.events.done');
  });

  it('reports a handler that returns an invalid path', async () => {
    for (const returned of [true, 5, '', {}]) {
      // @ts-expect-error: handlers without types return anything.
      const { result, failures } = await run({ name: 'odd', onSealed: () => returned });
      expect(result).to.equal(ARCHIVE);
      expect(failures).to.have.length(1);
      expect(failures[0]?.[1]).to.be.instanceOf(TypeError);
    }
  });

  it('keeps `this` of a handler that is an instance of a class', async () => {
    class Counting implements ArchiveHandler {
      #count = 0;
      onSealed(): string {
        this.#count++;
        return `/spool/${this.#count}.events`;
      }
    }
    const handler = new Counting();
    expect((await run(handler, handler)).result?.name).to.equal('2.events');
  });

  async function run(...handlers: readonly ArchiveHandler[]) {
    const failures: Failure[] = [];
    const report = (name: string, error: unknown, archive: { readonly path: string }) =>
      failures.push([name, error, archive.path]);
    const result = await runSealedHandlers(handlers, ARCHIVE, report, new AbortController().signal);
    return { result, failures };
  }
});

describe('runOpenHandlers', () => {
  it('runs all in order, and reports those that fail', async () => {
    const steps: string[] = [];
    const failures: Failure[] = [];
    const broken = new Error('broken');
    await runOpenHandlers(
      [
        { onOpen: async ({ name }) => void steps.push(`first ${name}`) },
        { name: 'broken', onOpen: () => Promise.reject(broken) },
        { onSealed: () => null },
        { onOpen: ({ name }) => void steps.push(`last ${name}`) },
      ],
      { ...ARCHIVE, ordinal: 3, writer: 'a', openedAt: 1000 },
      (name, error, archive) => failures.push([name, error, archive.path]),
      new AbortController().signal,
    );
    expect(steps).to.deep.equal(['first a.events', 'last a.events']);
    expect(failures).to.deep.equal([['broken', broken, '/spool/a.events']]);
  });
});

describe('isArchiveHandler', () => {
  it('accepts an object with at least one of the two methods', () => {
    expect(isArchiveHandler({ onOpen() {} })).to.equal(true);
    expect(isArchiveHandler({ onSealed() {} })).to.equal(true);
    expect(isArchiveHandler({ onOpen: undefined, onSealed() {} })).to.equal(true);
  });

  it('refuses everything else', () => {
    for (const value of [null, undefined, {}, () => {}, 'x', { onOpen: 5 }, { onSealed: null }]) {
      expect(isArchiveHandler(value)).to.equal(false);
    }
  });
});

function fail(error: Error): never {
  throw error;
}

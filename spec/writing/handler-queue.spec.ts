import { expect } from 'chai';

import { HandlerQueue } from '../../lib/writing/handler-queue.js';
import type { ArchiveFailure } from '../../lib/writing/handlers/archive-failure.js';
import type { OpenedArchive, SealedArchive } from '../../lib/writing/handlers/archive-handler.js';
import { Gate } from '../support/test-disk.js';

/** A signal that does not abort. */
const NEVER = new AbortController().signal;

describe('HandlerQueue', () => {
  let steps: string[];
  let failures: ArchiveFailure[];

  beforeEach(() => {
    steps = [];
    failures = [];
  });

  const onFailed = (failure: ArchiveFailure) => void failures.push(failure);

  const opened = (name: string): OpenedArchive => ({
    ...{ path: `/${name}.open`, name, ordinal: 0, writer: '00', openedAt: 0 },
  });

  const sealed = (name: string): SealedArchive => ({
    ...{ path: `/${name}`, name, ordinal: 0, writer: '00', openedAt: 0, bytes: 1, records: 1 },
    ...{ sha256: '00', firstTime: null, lastTime: null, format: 'v2' },
  });

  it('runs the handlers of one archive after those of the other, and its caller meanwhile', async () => {
    const gate = new Gate();
    const queue = new HandlerQueue(
      [
        {
          onOpen: ({ name }) => void steps.push(`open ${name}`),
          async onSealed({ name }) {
            await gate.pass();
            steps.push(`sealed ${name}`);
          },
        },
      ],
      onFailed,
      NEVER,
    );
    queue.opened(opened('a'));
    queue.sealed(sealed('a'), () => steps.push('handled a'));
    queue.opened(opened('b'));
    queue.sealed(sealed('b'), () => steps.push('handled b'));
    expect(steps).to.deep.equal([]);
    gate.open();
    await queue.idle();
    expect(steps).to.deep.equal([
      ...['open a', 'sealed a', 'handled a'],
      ...['open b', 'sealed b', 'handled b'],
    ]);
  });

  it('says where the handlers left an archive, and null if one has removed its file', async () => {
    const left: (string | null)[] = [];
    const paths: Record<string, string | null> = { a: '/elsewhere/a', b: null };
    const queue = new HandlerQueue([{ onSealed: ({ name }) => paths[name] }], onFailed, NEVER);
    for (const name of ['a', 'b', 'c']) {
      queue.sealed(sealed(name), (handled) => left.push(handled?.path ?? null));
    }
    await queue.idle();
    expect(left).to.deep.equal(['/elsewhere/a', null, '/c']);
  });

  it('reports a handler that fails, with the archive, and runs the others', async () => {
    const failure = new Error('handler');
    const queue = new HandlerQueue(
      [
        {
          name: 'bad',
          onSealed: () => {
            throw failure;
          },
        },
        { onSealed: ({ name }) => void steps.push(`sealed ${name}`) },
      ],
      onFailed,
      NEVER,
    );
    queue.sealed(sealed('a'), () => steps.push('handled'));
    await queue.idle();
    expect(steps).to.deep.equal(['sealed a', 'handled']);
    expect(failures).to.have.length(1);
    expect(failures[0]).to.include({ operation: 'bad', error: failure });
    expect(failures[0]?.archive).to.include({ name: 'a' });
  });

  it('is idle without handlers once its archives are handled', async () => {
    const queue = new HandlerQueue([], onFailed, NEVER);
    await queue.idle();
    queue.opened(opened('a'));
    queue.sealed(sealed('a'), (handled) => steps.push(handled?.name ?? 'none'));
    await queue.idle();
    expect(steps).to.deep.equal(['a']);
  });
});

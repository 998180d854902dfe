import { EventEmitter, once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect } from 'chai';

import { type FileLayer, nodeFileLayer } from '../../lib/files/file-layer.js';
import { createArchiveReader, DeadlineError } from '../../lib/index.js';
import type { ArchiveHandler } from '../../lib/writing/handlers/archive-handler.js';
import { MemoryStore } from '../support/memory-store.js';
import { passTime } from '../support/pass-time.js';
import { encodeUnsealed, TemporaryDirectories } from '../support/series.js';
import { createShippingWriter, reach, turns } from '../support/shipping-writer.js';
import { until } from '../support/until.js';

const DEADLINE_MS = 200;

/** How long after its deadline `close` may settle, by its clock. */
const MOST_LATE_MS = 2000;

/** What happens to the archive of the writer, and before it is closed. */
interface CloseSteps {
  readonly localFile?: 'delete' | 'keep';
  readonly first?: 'ship';
}

describe('The deadline of close', () => {
  const directories = new TemporaryDirectories();
  let directory: string;
  let store: MemoryStore;
  /** Settles at the first call that never ends. */
  let hung: Promise<void>;
  let forever: () => Promise<never>;

  beforeEach(async () => {
    directory = await directories.make();
    store = new MemoryStore();
    hung = new Promise((resolve) => {
      forever = () => {
        resolve();
        return new Promise(() => {});
      };
    });
  });

  afterEach(() => directories.remove());

  /**
   * Closes a writer of one record, lets its deadline pass once something hangs, and checks that the
   * record is sealed. The clock stands still before that, and soon after it for good.
   */
  async function close(
    options: { files?: FileLayer; handlers?: readonly ArchiveHandler[] } = {},
    { localFile = 'delete', first }: CloseSteps = {},
  ) {
    const { clock, writer, failed, shipped } = createShippingWriter(directory, store, {
      ...options,
      // The clock cannot wait for zlib's threads, of which Node says nothing.
      ship: { to: store, localFile, compression: 'none' },
    });
    writer.write('mine');
    if (first === 'ship') await reach(shipped, 1, writer, 'shipped');
    const closed = writer.close({ deadlineMs: DEADLINE_MS });
    await hung;
    const result = await passTime(clock, closed, DEADLINE_MS + MOST_LATE_MS);
    if (result.shipped === 0) {
      const records = await createArchiveReader(join(directory, 'x_000000.events')).toArray();
      expect(records.map((record) => record.text())).to.deep.equal(['mine']);
    }
    return { result, failed };
  }

  /** A file system on which a call for some paths never ends. */
  function hangOn(call: 'open' | 'lstat' | 'readdir', hangs: (path: string) => boolean): FileLayer {
    const real = nodeFileLayer;
    return {
      ...real,
      open: (path, mode) =>
        call === 'open' && mode === 'r' && hangs(path) ? forever() : real.open(path, mode),
      lstat: (path) => (call === 'lstat' && hangs(path) ? forever() : real.lstat(path)),
      readdir: (path) => (call === 'readdir' ? forever() : real.readdir(path)),
    };
  }

  for (const hook of ['onOpen', 'onSealed'] as const) {
    it(`covers a handler whose ${hook} never ends, and the handlers after it`, async () => {
      const called: string[] = [];
      const handlers: ArchiveHandler[] = [
        { name: 'hanging', [hook]: () => forever() },
        { name: 'next', onSealed: () => void called.push('next') },
      ];
      const { result, failed } = await close({ handlers });
      expect(result).to.deep.include({ shipped: 0, left: [join(directory, 'x_000000.events')] });
      expect(result.reason).to.be.instanceOf(DeadlineError);
      expect(failed[0]).to.include({ operation: 'hanging' });
      expect(failed[0]?.error).to.include({ code: 'ERR_DEADLINE', deadlineMs: DEADLINE_MS });
      expect(called).to.deep.equal([]);
    });
  }

  for (const operation of ['head', 'put', 'get']) {
    it(`covers a ${operation} that the store never answers`, async () => {
      store.evidence = null;
      store.before = (asked) => (asked === operation ? forever() : undefined);
      const { result } = await close();
      expect(result).to.deep.include({ shipped: 0, left: [join(directory, 'x_000000.events')] });
      expect(result.reason).to.include({ code: 'ERR_DEADLINE', deadlineMs: DEADLINE_MS });
    });
  }

  it('covers a store that ignores the signal of a put, and one that does not close', async () => {
    store.put = () => forever();
    store.close = () => forever();
    const { result } = await close();
    expect(result.left).to.have.length(1);
  });

  it('covers the listing of unfinished uploads', async () => {
    store.listUploads = async function* () {
      yield await forever();
    };
    expect((await close({}, { first: 'ship' })).result.shipped).to.equal(1);
  });

  it('covers a journal that cannot be opened', async () => {
    await writeFile(join(directory, 'x_000007.events'), encodeUnsealed(['left']));
    await writeFile(join(directory, 'x_000007.events.journal'), '');
    await close(
      { files: hangOn('open', (path) => path.endsWith('.journal')) },
      {
        localFile: 'keep',
      },
    );
  });

  it('covers the listing of what earlier writers left', async () => {
    await writeFile(join(directory, 'x_000007.events'), encodeUnsealed(['left']));
    await close({ files: hangOn('lstat', (path) => path.endsWith('x_000007.events')) });
  });

  it('covers a recovery', async () => {
    await writeFile(join(directory, 'x_000007.events.open'), encodeUnsealed(['left']));
    const { result } = await close(
      { files: hangOn('open', (path) => path.endsWith('.stale')) },
      { first: 'ship' },
    );
    expect(result).to.deep.include({ shipped: 1, left: [] });
    expect(result.reason).to.be.instanceOf(DeadlineError);
  });

  it('covers the reading of an archive that is shipped', async () => {
    const { result } = await close({ files: hangOn('open', (path) => path.endsWith('.events')) });
    expect(result.left).to.have.length(1);
  });

  it('is 5 s for a writer that is destroyed without one', async () => {
    const called = new EventEmitter();
    const onSealed = () => {
      called.emit('sealed');
      return forever();
    };
    const handlers = [{ name: 'hanging', onSealed }];
    const { clock, failed, writer } = createShippingWriter(directory, store, { handlers });
    writer.write('mine');
    await once(called, 'sealed');
    writer.destroy();
    await until(async () => {
      clock.advance(100);
      await turns(1);
      return writer.closed;
    });
    expect(failed[0]?.error).to.include({ code: 'ERR_DEADLINE', deadlineMs: 5000 });
  });
});

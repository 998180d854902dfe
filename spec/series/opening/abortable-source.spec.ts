import { readdir, writeFile } from 'node:fs/promises';

import { expect } from 'chai';

import { verifyArchive } from '../../../lib/reading/verifying/verify-archive.js';
import { verifyArchives } from '../../../lib/reading/verifying/verify-archives.js';
import { abortableSource } from '../../../lib/series/opening/abortable-source.js';
import type { ArchiveSource } from '../../../lib/series/opening/archive-source.js';
import { repairArchive } from '../../../lib/writing/recovery/repair-archive.js';
import { encodeUnsealed, TemporaryDirectories } from '../../support/series.js';
import { rejection } from '../../support/store-tools.js';

/** Larger than all chunks that are read ahead. */
const LARGE_BYTES = 4 * 2 ** 20;

function source(chunks: readonly string[]): ArchiveSource {
  return {
    ...{ path: 'a.events', isOpen: false, size: async () => 3 },
    read: async () => Buffer.from('read'),
    async *stream() {
      for (const chunk of chunks) yield Buffer.from(chunk);
    },
    close: async () => {},
  };
}

describe('abortableSource', () => {
  const temporary = new TemporaryDirectories();
  afterEach(() => temporary.remove());

  it('reads until the signal aborts, and then throws its reason', async () => {
    const aborting = new AbortController();
    const given = abortableSource(source(['a', 'b', 'c']), aborting.signal);
    expect(String(await given.read({ start: 0, end: 1 }))).to.equal('read');
    const read: string[] = [];
    const reason = new Error('enough');
    const reading = (async () => {
      for await (const chunk of given.stream()) {
        read.push(String(chunk));
        if (read.length === 2) aborting.abort(reason);
      }
    })();
    expect(await rejection(reading)).to.equal(reason);
    expect(read).to.deep.equal(['a', 'b']);
    expect(await rejection(given.read({ start: 0, end: 1 }))).to.equal(reason);
  });

  it('is the source itself without a signal, and is in a file only if the source is', () => {
    const plain = source([]);
    expect(abortableSource(plain, undefined)).to.equal(plain);
    const { signal } = new AbortController();
    expect(abortableSource(plain, signal)).to.not.have.property('fileNumber');
    const file = { ...plain, fileNumber: async () => ({ dev: 1, ino: 2 }) };
    expect(abortableSource(file, signal)).to.have.property('fileNumber');
  });

  it('ends a verification and a repair amid one large archive', async () => {
    const directory = await temporary.make();
    const path = `${directory}/a.events`;
    await writeFile(path, encodeUnsealed(new Array(64).fill('x'.repeat(LARGE_BYTES / 64))));
    const reason = new Error('enough');
    const aborting = new AbortController();
    const { signal } = aborting;
    let bytes = 0;
    const onProgress = (progress: { bytes: number }) => {
      bytes = progress.bytes;
      aborting.abort(reason);
    };
    expect(await rejection(verifyArchives(path, { onProgress, signal }))).to.equal(reason);
    expect(bytes).to.be.within(1, LARGE_BYTES / 2);
    expect(await rejection(verifyArchive(path, { signal }))).to.equal(reason);
    expect(await rejection(repairArchive(path, `${path}.new`, { signal }))).to.equal(reason);
    expect(await readdir(directory)).to.deep.equal(['a.events']);
  });
});

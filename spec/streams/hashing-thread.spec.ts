import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';

import { expect } from 'chai';

import { writeChecksums } from '../../lib/codec/version-2/frame-header.js';
import { BODY_CRC_OFFSET, HEADER_CRC_OFFSET } from '../../lib/format/version-2.js';
import { createThreadDigest, writeThreadChecksums } from '../../lib/streams/hashing-thread.js';
import { compiled } from '../support/compiled.js';
import { forgeFrame } from '../support/forge-frame.js';
import { killHashingThread } from '../support/kill-hashing-thread.js';
import { sha256Of } from '../support/writer-tools.js';

function sharedBytes(text: string): Buffer {
  const bytes = Buffer.from(new SharedArrayBuffer(text.length));
  bytes.write(text);
  return bytes;
}

describe('createThreadDigest', () => {
  it('digests bytes in order, in shared memory or not', async () => {
    const digest = createThreadDigest();
    await Promise.all([
      digest.update(sharedBytes('one')),
      digest.update(Buffer.from('two')),
      digest.update(sharedBytes('three').subarray(2)),
    ]);
    expect((await digest.digest()).toString('hex')).to.equal(sha256Of(Buffer.from('onetworee')));
    digest.release();
  });

  it('digests no bytes', async () => {
    const digest = createThreadDigest();
    expect((await digest.digest()).toString('hex')).to.equal(sha256Of(Buffer.alloc(0)));
    digest.release();
  });

  it('takes more bytes after a digest', async () => {
    const digest = createThreadDigest();
    await digest.update(Buffer.from('a'));
    expect((await digest.digest()).toString('hex')).to.equal(sha256Of(Buffer.from('a')));
    await digest.update(Buffer.from('b'));
    expect((await digest.digest()).toString('hex')).to.equal(sha256Of(Buffer.from('ab')));
    digest.release();
  });

  it('keeps several digests apart', async () => {
    const digests = Array.from({ length: 10 }, createThreadDigest);
    for (let round = 0; round < 3; round++) {
      await Promise.all(digests.map((digest, i) => digest.update(Buffer.from(`${i}`))));
    }
    for (const [i, digest] of digests.entries()) {
      const expected = sha256Of(Buffer.from(`${i}`.repeat(3)));
      expect((await digest.digest()).toString('hex')).to.equal(expected);
      digest.release();
    }
  });

  it('rejects if its thread has ended, and starts another', async () => {
    const digest = createThreadDigest();
    const noBytes = 5 as unknown as Buffer;
    const answers = await Promise.allSettled([digest.update(noBytes), digest.digest()]);
    expect(answers.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    const next = createThreadDigest();
    await next.update(Buffer.from('a'));
    expect((await next.digest()).toString('hex')).to.equal(sha256Of(Buffer.from('a')));
    next.release();
  });

  it('shares a thread that started before the failed one had exited', async () => {
    let started = 0;
    const onWorker = () => started++;
    const kill = () => Promise.allSettled([createThreadDigest().update(5 as unknown as Buffer)]);
    // An earlier spec may have started a thread, whose event came then.
    await kill();
    process.on('worker', onWorker);
    try {
      const telling = once(process, 'worker') as Promise<[Worker]>;
      const dying = kill();
      const [worker] = await telling;
      const exited = new Promise((resolve) => worker.once('exit', resolve));
      await dying;
      const next = createThreadDigest();
      await exited;
      createThreadDigest().release();
      // The 'worker' event of a thread that has started comes in a later tick.
      await setImmediate();
      expect(started).to.equal(2);
      next.release();
    } finally {
      process.off('worker', onWorker);
    }
  });

  describe('keeps the process alive', () => {
    /** The output of a process that has a `digest` and ends by itself. */
    async function run(script: string): Promise<string> {
      const source = compiled(new URL('../../lib/streams/hashing-thread.ts', import.meta.url)).href;
      const whole = `
        const { createThreadDigest } = await import(${JSON.stringify(source)});
        const digest = createThreadDigest();
        ${script}
      `;
      const args = ['--input-type=module', '--eval', whole];
      // If the process does not end, it is killed and this rejects.
      const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 15_000 });
      return stdout.trim();
    }

    it('while a caller waits, and no longer', async () => {
      const script = `
        void digest.update(Buffer.from('a'));
        void digest.digest().then((sha256) => console.log(sha256.toString('hex')));
      `;
      expect(await run(script)).to.equal(sha256Of(Buffer.from('a')));
    });

    it('not while no caller waits', async () => {
      expect(await run('console.log("begun")')).to.equal('begun');
    });
  });
});

describe('writeThreadChecksums', () => {
  /** Frames in shared memory, whose checksums are wrong. */
  function unfinished(): Buffer {
    const frames = ['a body', '', 'x'.repeat(1000)].map((text) => forgeFrame(Buffer.from(text)));
    const whole = Buffer.concat(frames);
    const bytes = Buffer.from(new SharedArrayBuffer(whole.length + 5)).subarray(5);
    bytes.set(whole);
    let at = 0;
    for (const { length } of frames) {
      bytes.fill(0, at + BODY_CRC_OFFSET, at + BODY_CRC_OFFSET + 4);
      bytes.fill(0, at + HEADER_CRC_OFFSET, at + HEADER_CRC_OFFSET + 4);
      at += length;
    }
    return bytes;
  }

  it('writes the same checksums as writeChecksums', async () => {
    const [here, there] = [unfinished(), unfinished()];
    writeChecksums(here);
    expect(there.equals(here)).to.equal(false);
    await writeThreadChecksums(there);
    expect(there.equals(here)).to.equal(true);
  });

  it('rejects if its thread has ended, and the next call starts another', async () => {
    const frames = unfinished();
    const dying = [killHashingThread(), writeThreadChecksums(frames)];
    const [, written] = await Promise.allSettled(dying);
    expect(written?.status).to.equal('rejected');
    await writeThreadChecksums(frames);
  });
});

import { Worker } from 'node:worker_threads';

import {
  BODY_CRC_OFFSET,
  HEADER_BYTES,
  HEADER_CRC_OFFSET,
  STORED_BYTES_OFFSET,
} from '../format/version-2.js';

/** An incremental SHA-256. */
export interface RunningDigest {
  /** Appends bytes. The caller must not change them until the promise settles. */
  update(bytes: Buffer): Promise<void>;

  /**
   * The digest of all bytes so far; more may follow.
   *
   * @param end bytes that are hashed after them, only for this digest
   */
  digest(end?: Buffer): Promise<Buffer>;

  /** Frees the thread's memory for this digest. The caller must not use it any more. */
  release(): void;
}

/**
 * The program of the thread. It is text because bundlers and compilers of this library would not
 * find a separate file. The thread answers each task, in order, except `end`.
 */
const THREAD = `
  const { createHash } = require('node:crypto');
  const { crc32 } = require('node:zlib');
  const { parentPort } = require('node:worker_threads');
  const hashes = new Map();
  // As writeChecksums of codec/version-2/frame-header.ts.
  function writeChecksums(bytes) {
    const frames = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let start = 0; start < frames.length; ) {
      const body = start + ${HEADER_BYTES};
      const end = body + frames.readUInt32LE(start + ${STORED_BYTES_OFFSET});
      frames.writeUInt32LE(crc32(frames.subarray(body, end)), start + ${BODY_CRC_OFFSET});
      const header = frames.subarray(start, start + ${HEADER_CRC_OFFSET});
      frames.writeUInt32LE(crc32(header), start + ${HEADER_CRC_OFFSET});
      start = end;
    }
  }
  parentPort.on('message', ({ id, task, bytes }) => {
    if (task === 'checksums') {
      writeChecksums(bytes);
      return parentPort.postMessage(null);
    }
    if (task === 'end') return hashes.delete(id);
    if (!hashes.has(id)) hashes.set(id, createHash('sha256'));
    if (task === 'digest') {
      return parentPort.postMessage(hashes.get(id).copy().update(bytes ?? '').digest());
    }
    hashes.get(id).update(bytes);
    parentPort.postMessage(null);
  });
`;

interface Message {
  readonly task: 'checksums' | 'update' | 'digest' | 'end';
  /** The number of the digest; checksums have none. */
  readonly id?: number;
  readonly bytes?: Buffer | undefined;
}

/** A digest; null when another task is done. */
type Answer = Uint8Array | null;

/** The caller of a task that the thread has not answered yet. */
interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Computes checksums, and SHA-256 at up to 1.4 GB/s, on one thread for all callers, so that the
 * event loop is free for other work. Works on shared memory in place and copies other memory. Keeps
 * the process alive only while a caller waits.
 */
class HashingThread {
  readonly #worker = new Worker(THREAD, { eval: true, execArgv: [] });
  readonly #onEnd: () => void;
  #waiting: Waiting[] = [];
  #digests = 0;
  #failure: Error | undefined;

  /** @param onEnd called when the thread has ended and takes no more tasks */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#worker.on('message', (answer: Answer) => this.#answer(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the thread ended with ${code}`)));
    // `on('message')` has made the worker keep the process alive.
    this.#worker.unref();
  }

  createDigest(): RunningDigest {
    const id = this.#digests++;
    return {
      update: async (bytes) => void (await this.#ask({ id, task: 'update', bytes })),
      digest: async (end) =>
        Buffer.from((await this.#ask({ id, task: 'digest', bytes: end })) ?? []),
      release: () => this.#worker.postMessage({ id, task: 'end' }),
    };
  }

  async writeChecksums(bytes: Buffer): Promise<void> {
    await this.#ask({ task: 'checksums', bytes });
  }

  #ask(message: Message): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#waiting.length === 0) this.#worker.ref();
    this.#worker.postMessage(message);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #answer(answer: Answer): void {
    this.#waiting.shift()?.resolve(answer);
    if (this.#waiting.length === 0) this.#worker.unref();
  }

  #fail(error: Error): void {
    // An `exit` follows an `error`. By then `onEnd` may have made way for another thread.
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#onEnd();
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

let shared: HashingThread | undefined;

/**
 * Starts a SHA-256 on the thread that all callers share. The first call starts the thread.
 *
 * @throws the system's error if the thread cannot start; promises of the digest reject if the
 * thread ends
 */
export function createThreadDigest(): RunningDigest {
  return sharedThread().createDigest();
}

/**
 * Has the thread write the checksums of whole frames of version 2 that follow each other and fill
 * `frames`, in shared memory. The caller must not change them until the promise settles. Rejects if
 * the thread ends; then some of the checksums may be missing.
 *
 * @throws the system's error if the thread cannot start
 */
export function writeThreadChecksums(frames: Buffer): Promise<void> {
  return sharedThread().writeChecksums(frames);
}

function sharedThread(): HashingThread {
  shared ??= new HashingThread(() => {
    shared = undefined;
  });
  return shared;
}

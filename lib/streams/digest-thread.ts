import { Worker } from 'node:worker_threads';

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
 * find a separate file. The thread answers each `update` and `digest`, in order, but not `end`.
 */
const THREAD = `
  const { createHash } = require('node:crypto');
  const { parentPort } = require('node:worker_threads');
  const hashes = new Map();
  parentPort.on('message', ({ id, task, bytes }) => {
    if (task === 'end') return hashes.delete(id);
    if (!hashes.has(id)) hashes.set(id, createHash('sha256'));
    if (task === 'digest') {
      return parentPort.postMessage(hashes.get(id).copy().update(bytes ?? '').digest());
    }
    hashes.get(id).update(bytes);
    parentPort.postMessage(null);
  });
`;

type Task = 'update' | 'digest' | 'end';

/** A digest; null when an `update` is done. */
type Answer = Uint8Array | null;

/** The caller of a task that the thread has not answered yet. */
interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Computes SHA-256 on one thread for all callers, at up to 1.4 GB/s, so that the event loop is free
 * for other work. Hashes bytes in shared memory in place and copies others. Keeps the process alive
 * only while a caller waits.
 */
class DigestThread {
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
      update: async (bytes) => void (await this.#ask(id, 'update', bytes)),
      digest: async (end) => Buffer.from((await this.#ask(id, 'digest', end)) ?? []),
      release: () => this.#worker.postMessage({ id, task: 'end' }),
    };
  }

  #ask(id: number, task: Task, bytes?: Buffer): Promise<Answer> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#waiting.length === 0) this.#worker.ref();
    this.#worker.postMessage({ id, task, bytes });
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

let shared: DigestThread | undefined;

/**
 * Starts a SHA-256 on the thread that all digests share. The first call starts the thread.
 *
 * @throws the system's error if the thread cannot start; promises of the digest reject if the
 * thread ends
 */
export function createThreadDigest(): RunningDigest {
  shared ??= new DigestThread(() => {
    shared = undefined;
  });
  return shared.createDigest();
}

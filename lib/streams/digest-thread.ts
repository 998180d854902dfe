import { Worker } from 'node:worker_threads';

/** A SHA-256 of bytes as they come. */
export interface RunningDigest {
  /** Takes bytes in, behind those before. They must not change until it settles. */
  update(bytes: Buffer): Promise<void>;

  /** Of all bytes so far; more may follow. */
  digest(): Promise<Buffer>;

  /** Frees what is kept for it. It is not used afterwards. */
  release(): void;
}

/**
 * What the thread runs. As text: a file of its own would have to be found again by whatever bundles or
 * translates this library. An `update` or `digest` is answered, in order; an `end` is not.
 */
const THREAD = `
  const { createHash } = require('node:crypto');
  const { parentPort } = require('node:worker_threads');
  const hashes = new Map();
  parentPort.on('message', ({ id, task, bytes }) => {
    if (task === 'end') return hashes.delete(id);
    if (!hashes.has(id)) hashes.set(id, createHash('sha256'));
    if (task === 'digest') return parentPort.postMessage(hashes.get(id).copy().digest());
    hashes.get(id).update(bytes);
    parentPort.postMessage(null);
  });
`;

type Task = 'update' | 'digest' | 'end';

/** A digest, or that bytes were taken in. */
type Answer = Uint8Array | null;

/** Who waits for the answer to a task. */
interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Computes SHA-256 on a thread, for all who ask: as much as 1.4 GB/s, which the event loop then has for
 * other work. Bytes in shared memory are hashed where they are, others are copied. Keeps the process alive
 * only while somebody waits.
 */
class DigestThread {
  readonly #worker = new Worker(THREAD, { eval: true, execArgv: [] });
  readonly #onEnd: () => void;
  #waiting: Waiting[] = [];
  #digests = 0;
  #failure: Error | undefined;

  /** @param onEnd called when it takes no more tasks */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#worker.on('message', (answer: Answer) => this.#answer(answer));
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) => this.#fail(new Error(`the thread ended with ${code}`)));
    // A listener for messages counts as somebody who waits.
    this.#worker.unref();
  }

  createDigest(): RunningDigest {
    const id = this.#digests++;
    return {
      update: async (bytes) => void (await this.#ask(id, 'update', bytes)),
      digest: async () => Buffer.from((await this.#ask(id, 'digest')) ?? []),
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
    // It exits after an error: another thread may have begun by then.
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#onEnd();
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}

let shared: DigestThread | undefined;

/**
 * A SHA-256 that is computed on a thread, which all share. The first call starts it.
 *
 * @throws what the system says where there can be no thread; its promises reject where it died
 */
export function createThreadDigest(): RunningDigest {
  shared ??= new DigestThread(() => {
    shared = undefined;
  });
  return shared.createDigest();
}

import { Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

/** Lets streams go as far as they can without time passing or a file being read. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await setImmediate();
}

/** Takes a chunk only after a few turns of the event loop, and keeps it. */
export class SlowSink extends Writable {
  readonly chunks: unknown[] = [];

  constructor() {
    super({ objectMode: true, highWaterMark: 2 });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks.filter((chunk) => chunk instanceof Uint8Array));
  }

  override _write(chunk: unknown, _encoding: string, callback: () => void): void {
    void settle().then(() => {
      this.chunks.push(chunk);
      callback();
    });
  }
}

/** What a stream gives, up to its end or its error. */
export async function drain<T>(stream: AsyncIterable<T>): Promise<{ given: T[]; error: unknown }> {
  const given: T[] = [];
  try {
    for await (const chunk of stream) given.push(chunk);
  } catch (error) {
    return { given, error };
  }
  return { given, error: undefined };
}

/** What became of a promise, as a value. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** A source of as many chunks as are asked for, that counts them. */
export function countingSource<T>(next: (index: number) => T): {
  stream: Readable;
  taken(): number;
} {
  let taken = 0;
  const stream = new Readable({
    objectMode: true,
    highWaterMark: 1,
    read() {
      this.push(next(taken++));
    },
  });
  return { stream, taken: () => taken };
}

/** Chunks one after the other, then, if there is one, an error. */
export async function* iterate(
  chunks: Iterable<Uint8Array>,
  failure?: Error,
): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
  if (failure !== undefined) throw failure;
}

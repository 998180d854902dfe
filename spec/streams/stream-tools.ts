import { Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

/** Lets streams do all work that needs no timer and no file. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await setImmediate();
}

/** Stores each chunk after a few turns of the event loop. */
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

/** The chunks of a stream up to its end or error. */
export async function drain<T>(stream: AsyncIterable<T>): Promise<{ given: T[]; error: unknown }> {
  const given: T[] = [];
  try {
    for await (const chunk of stream) given.push(chunk);
  } catch (error) {
    return { given, error };
  }
  return { given, error: undefined };
}

/** An endless source that counts the chunks taken from it. */
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

/** Yields chunks, then throws `failure` if it is given. */
export async function* iterate(
  chunks: Iterable<Uint8Array>,
  failure?: Error,
): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
  if (failure !== undefined) throw failure;
}

import { Transform, type TransformCallback } from 'node:stream';

/** The size of a frame's length. */
const LENGTH_BYTES = 4;

/** The largest frame. */
const MOST_BYTES = 64 * 2 ** 20;

/**
 * Takes frames, each a length of 4 bytes (big-endian) and so many bytes of payload, in chunks of
 * any size, and gives records. Ends at a frame that is too large, or that the input ends within;
 * `fault` says so then.
 */
export class FrameParser extends Transform {
  #left: Buffer[] = [];
  #leftBytes = 0;
  #offset = 0;
  #fault: Error | undefined;

  constructor() {
    super({ readableObjectMode: true });
  }

  /** Why the records ended before the end of the input. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  override _transform(chunk: Buffer, _encoding: string, callback: TransformCallback): void {
    if (this.#fault === undefined) {
      this.#left.push(chunk);
      this.#leftBytes += chunk.length;
      this.#takeFrames();
    }
    callback();
  }

  override _flush(callback: TransformCallback): void {
    if (this.#leftBytes > 0 && this.#fault === undefined) {
      this.#fail(`the input ends within the frame at byte ${this.#offset}`);
    }
    callback();
  }

  #takeFrames(): void {
    while (this.#leftBytes >= LENGTH_BYTES) {
      const length = this.#peek(LENGTH_BYTES).readUInt32BE();
      if (length > MOST_BYTES) {
        const problem = `has ${length} bytes, expected at most ${MOST_BYTES}`;
        this.#fail(`the frame at byte ${this.#offset} ${problem}`);
        // Records before it were pushed; an error would discard those that still wait.
        this.push(null);
        return;
      }
      if (this.#leftBytes < LENGTH_BYTES + length) return;
      const frame = this.#peek(LENGTH_BYTES + length);
      this.push({ payload: frame.subarray(LENGTH_BYTES) });
      this.#drop(frame.length);
    }
  }

  /** The first bytes, of which there must be enough. Joins chunks only if a frame needs it. */
  #peek(bytes: number): Buffer {
    const [first] = this.#left;
    if (first === undefined || first.length < bytes) {
      this.#left = [Buffer.concat(this.#left, this.#leftBytes)];
    }
    return this.#left[0]?.subarray(0, bytes) ?? Buffer.alloc(0);
  }

  #drop(bytes: number): void {
    const [first = Buffer.alloc(0), ...rest] = this.#left;
    this.#left = first.length === bytes ? rest : [first.subarray(bytes), ...rest];
    this.#leftBytes -= bytes;
    this.#offset += bytes;
  }

  #fail(problem: string): void {
    this.#fault = new Error(problem);
    this.#left = [];
    this.#leftBytes = 0;
  }
}

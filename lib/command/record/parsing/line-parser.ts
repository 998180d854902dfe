import { Transform, type TransformCallback } from 'node:stream';

const LINE_FEED = 0x0a;

/** The longest line. */
const MOST_BYTES = 64 * 2 ** 20;

/**
 * Takes text in chunks of any size, and gives a record for each line, blank ones included. A
 * carriage return stays in the payload. The last line may lack its line feed. Ends at a line over
 * 64 MiB; `fault` says so then.
 */
export class LineParser extends Transform {
  #begun: Buffer[] = [];
  #begunBytes = 0;
  #lines = 0;
  #fault: Error | undefined;
  readonly #firstLine: number | undefined;

  /** @param firstLine the number of the first line, if records get the numbers of theirs as sequences */
  constructor(firstLine?: number) {
    super({ readableObjectMode: true });
    this.#firstLine = firstLine;
  }

  /** Why the records ended before the end of the input. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  override _transform(chunk: Buffer, _encoding: string, callback: TransformCallback): void {
    if (this.#fault === undefined) this.#takeLines(chunk);
    callback();
  }

  override _flush(callback: TransformCallback): void {
    if (this.#begunBytes > 0) this.#push(Buffer.alloc(0));
    callback();
  }

  #takeLines(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      this.#push(chunk.subarray(start, end));
      start = end + 1;
    }
    this.#begun.push(chunk.subarray(start));
    this.#begunBytes += chunk.length - start;
    if (this.#begunBytes <= MOST_BYTES) return;
    this.#fault = new Error(
      `line ${this.#lines + (this.#firstLine ?? 1)} has more than ${MOST_BYTES} bytes`,
    );
    [this.#begun, this.#begunBytes] = [[], 0];
    // Records before it were pushed; an error would discard those that still wait.
    this.push(null);
  }

  #push(rest: Buffer): void {
    const line = this.#begunBytes === 0 ? rest : Buffer.concat([...this.#begun, rest]);
    [this.#begun, this.#begunBytes] = [[], 0];
    const sequence = this.#lines++ + (this.#firstLine ?? 1);
    this.push(this.#firstLine === undefined ? { payload: line } : { payload: line, sequence });
  }
}

import type { RecordInput } from '../codec/records/record-input.js';

/** What a record counts beside its payload, or with a payload whose JSON nobody has made yet. */
const RECORD_OVERHEAD_BYTES = 256;

/** Counts the payloads in a stream's queue, which Node limits by their number alone. */
export class QueuedBytes {
  /** How many there may be. */
  readonly most: number;
  #bytes = 0;
  #isOver = false;

  constructor(mostBytes: number) {
    this.most = mostBytes;
  }

  /** How many there are. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there have been too many since the queue was last empty. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Counts a record that has to wait; false once there are too many bytes. */
  add(record: RecordInput): boolean {
    this.#bytes += RECORD_OVERHEAD_BYTES + payloadBytes(record);
    this.#isOver ||= this.#bytes > this.most;
    return !this.#isOver;
  }

  /** The queue is empty. Returns whether there had been too many bytes. */
  clear(): boolean {
    const wasOver = this.#isOver;
    this.#bytes = 0;
    this.#isOver = false;
    return wasOver;
  }
}

function payloadBytes(record: RecordInput): number {
  if (typeof record !== 'object' || record === null) return String(record).length;
  if (record instanceof Uint8Array) return record.length;
  try {
    const payload: unknown = record.payload;
    return typeof payload === 'string' || payload instanceof Uint8Array ? payload.length : 0;
  } catch {
    // A getter that throws is told when the record's turn comes, not from the midst of `write`.
    return 0;
  }
}

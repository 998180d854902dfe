import { isBytes } from '../codec/bytes/is-bytes.js';
import type { RecordInput } from '../codec/records/record-input.js';

/** How many records Node's buffer holds before `write` returns false. */
export const RECORDS_AHEAD = 1024;

/**
 * Counted for each record besides its payload; a payload that is not JSON text yet counts no bytes.
 */
const RECORD_OVERHEAD_BYTES = 256;

/** Counts the bytes of the records in a stream's queue. Node counts only the records. */
export class QueuedBytes {
  /** How many bytes there may be. */
  readonly most: number;
  #bytes = 0;
  #isOver = false;

  constructor(mostBytes: number) {
    this.most = mostBytes;
  }

  /** How many bytes there are. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there have been too many bytes since the queue was last empty. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Counts a record that has to wait; false once there are too many bytes. */
  add(record: RecordInput): boolean {
    this.#bytes += waitingBytesOf(record);
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

/** How many bytes a record counts that has to wait. */
export function waitingBytesOf(record: RecordInput): number {
  return RECORD_OVERHEAD_BYTES + payloadBytes(record);
}

function payloadBytes(record: RecordInput): number {
  if (typeof record !== 'object' || record === null) return String(record).length;
  if (isBytes(record)) return record.length;
  try {
    const payload: unknown = record.payload;
    return typeof payload === 'string' || isBytes(payload) ? payload.length : 0;
  } catch {
    // A getter threw. Its error is reported when the record's turn comes: `write` itself does not
    // throw.
    return 0;
  }
}

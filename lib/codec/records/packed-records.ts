import { ArchiveRecord, originOf, type RecordOrigin, spanOf } from './archive-record.js';

/** The numbers of a record that are small: its `RecordSpan`, and its sequence in its run. */
const SMALL_NUMBERS = 5;
const LARGEST_SMALL = 2 ** 32 - 1;

/** Consecutive records of one block. */
interface BlockRun {
  readonly origin: RecordOrigin;
  readonly bytes: Buffer;
  /** The sequence of its first record; undefined if its only record has none. */
  readonly sequence: number | undefined;
  /** How many records there are up to its last one. */
  end: number;
}

/**
 * Records that wait to be emitted, without an object for each: their numbers are outside of V8's
 * heap. A reader that merges 300 writers holds a block of each. Objects for all these records
 * survive several collections, for which V8 enlarges its young generation to its limit, 128 MiB.
 */
export class PackedRecords {
  readonly #runs: BlockRun[] = [];
  readonly #times: Float64Array;
  readonly #small: Uint32Array;
  #next = 0;
  #run = 0;
  #origin: RecordOrigin | undefined;

  constructor(records: readonly ArchiveRecord[]) {
    this.#times = new Float64Array(records.length);
    this.#small = new Uint32Array(SMALL_NUMBERS * records.length);
    for (const [i, record] of records.entries()) this.#put(i, record);
  }

  #put(i: number, record: ArchiveRecord): void {
    const { sequence, timeMicros = Number.NaN } = record;
    const { bytes, span } = spanOf(record);
    const origin = originOf(record);
    let run = this.#runs.at(-1);
    if (run?.origin !== origin || run.bytes !== bytes || !follows(run, sequence)) {
      run = { origin, bytes, sequence, end: i };
      this.#runs.push(run);
    }
    run.end = i + 1;
    this.#times[i] = timeMicros;
    const at = SMALL_NUMBERS * i;
    this.#small[at] = span.metadataStart;
    this.#small[at + 1] = span.metadataEnd;
    this.#small[at + 2] = span.payloadStart;
    this.#small[at + 3] = span.payloadEnd;
    this.#small[at + 4] = (sequence ?? 0) - (run.sequence ?? 0);
  }

  /** How many records were not taken yet. */
  get left(): number {
    return this.#times.length - this.#next;
  }

  /** The time of the next record; undefined if it has none, and after the last record. */
  get nextMicros(): number | undefined {
    const timeMicros = this.#times[this.#next];
    return Number.isNaN(timeMicros) ? undefined : timeMicros;
  }

  /**
   * Call this before records are taken that are emitted together: those of one block share facts,
   * of which a reader sets the position, and not with records that are taken later.
   */
  beginTogether(): void {
    this.#origin = undefined;
  }

  /** Makes an object of the next record; undefined after the last one. */
  take(): ArchiveRecord | undefined {
    const i = this.#next;
    if (this.#runs[this.#run]?.end === i) {
      this.#run++;
      this.#origin = undefined;
    }
    const run = this.#runs[this.#run];
    if (run === undefined) return undefined;
    const timeMicros = this.nextMicros;
    this.#next++;
    this.#origin ??= { ...run.origin };
    const small = this.#small;
    const at = SMALL_NUMBERS * i;
    const span = {
      metadataStart: small[at] ?? 0,
      metadataEnd: small[at + 1] ?? 0,
      payloadStart: small[at + 2] ?? 0,
      payloadEnd: small[at + 3] ?? 0,
    };
    const sequence = run.sequence === undefined ? undefined : run.sequence + (small[at + 4] ?? 0);
    return new ArchiveRecord(this.#origin, run.bytes, span, sequence, timeMicros);
  }
}

function follows({ sequence: first }: BlockRun, sequence: number | undefined): boolean {
  if (first === undefined || sequence === undefined) return false;
  return sequence > first && sequence - first <= LARGEST_SMALL;
}

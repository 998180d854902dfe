import { isUtf8 } from 'node:buffer';
import { Transform, type TransformCallback, type TransformOptions } from 'node:stream';

import { JsonScanner, WHOLE_JSON } from '../codec/json-lines/json-scanner.js';
import { LineCutter, type WholeLines } from '../codec/json-lines/line-cutter.js';
import type { LineReader } from '../codec/json-lines/line-reader.js';
import type { RecordInput } from '../codec/records/record-input.js';
import { RecordError } from '../errors/record-error.js';
import { LINE_FEED } from '../format/json-lines.js';
import { nextTick } from '../format/timers.js';
import type { ReadableEvents, WritableEvents } from '../streams/typed-events.js';
import type { TypedTransform } from '../streams/typed-streams.js';
import { waitUntilTaken } from '../streams/wait-until-taken.js';

/** A line that `fromJsonLines` skipped. */
export interface InvalidLine {
  /** The fault of the line. */
  readonly reason: RecordError;
  /** The number of the line, from 1 or from `firstLine`. */
  readonly line: number;
  /** The line without its line feed; only the beginning of one over `maxRecordBytes`. */
  readonly bytes: Buffer;
}

/** The events of `fromJsonLines`, besides those of every Transform. */
export interface JsonLinesEvents {
  /** With `invalid: 'skip'`: a line was skipped. Emitted when it is found, maybe ahead of records. */
  readonly invalid: [skipped: InvalidLine];
}

/** What `fromJsonLines` has read so far. */
export interface JsonLinesStats {
  /** All lines, also blank and invalid ones. */
  readonly lines: number;
  /** Lines that became records. */
  readonly records: number;
  /** Invalid lines, with `invalid: 'skip'`. */
  readonly skipped: number;
  /** Records without a time, although the option `time` names one. */
  readonly untimed: number;
}

interface AllEvents<Item> extends JsonLinesEvents, ReadableEvents<Item>, WritableEvents {}

/** Transform itself, with types for what this one gives. */
const LineTransform: new <Item>(
  options?: TransformOptions,
) => TypedTransform<Item, AllEvents<Item>> = Transform;

/** How a parser makes records, and what it does with other lines. */
export interface JsonLinesSettings<Item extends RecordInput> {
  readonly reader: LineReader<Item> & { readonly untimed?: number };
  readonly maxRecordBytes: number;
  readonly invalid: 'fail' | 'skip';
  /** The number of the first line. @default 1 */
  readonly firstLine?: number | undefined;
}

/** Records made ahead of the reader. They are views on the chunks, so each costs little. */
const RECORDS_AHEAD = 128;

/** A piece may hold tens of thousands of lines of two bytes. */
const LINES_AT_ONCE = 1000;

/** The Transform that `fromJsonLines` creates. */
export class JsonLinesParser<Item extends RecordInput> extends LineTransform<Item> {
  readonly #settings: JsonLinesSettings<Item>;
  readonly #scanner: JsonScanner;
  readonly #cutter: LineCutter;
  /** The piece being read, and where its next line begins. */
  #piece: Buffer = Buffer.alloc(0);
  #at = 0;
  #ready: readonly Item[] = [];
  /** How many of the ready records were pushed. */
  #pushed = 0;
  /** The error after the ready records. */
  #failure: Error | undefined;
  #held: TransformCallback | undefined;
  #lines = 0;
  #records = 0;
  #skipped = 0;

  constructor(settings: JsonLinesSettings<Item>) {
    super({ readableObjectMode: true, readableHighWaterMark: RECORDS_AHEAD });
    this.#settings = settings;
    this.#scanner = new JsonScanner(settings.reader.paths);
    this.#cutter = new LineCutter(settings.maxRecordBytes);
  }

  /** How many lines were read, became records or were skipped so far. */
  stats(): JsonLinesStats {
    return {
      lines: this.#lines,
      records: this.#records,
      skipped: this.#skipped,
      untimed: this.#settings.reader.untimed ?? 0,
    };
  }

  // Not `_transform`: Node may delay its callback until a `_read` that it has already made.
  override _write(chunk: Buffer, _encoding: string, callback: TransformCallback): void {
    this.#cutter.push(chunk);
    this.#deliver(callback);
  }

  override _flush(callback: TransformCallback): void {
    this.#cutter.end();
    this.#deliver(callback);
  }

  override _read(): void {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) this.#deliver(held);
  }

  /** The number of the line that was read last. */
  get #number(): number {
    return (this.#settings.firstLine ?? 1) + this.#lines - 1;
  }

  #deliver(callback: TransformCallback): void {
    let isWanted = true;
    while (isWanted) {
      const record = this.#ready[this.#pushed];
      if (record !== undefined) {
        this.#pushed++;
        isWanted = this.push(record);
      } else if (this.#failure !== undefined) {
        const failure = this.#failure;
        void waitUntilTaken(this).then(() => callback(failure));
        return;
      } else if (!this.#readAhead()) {
        callback();
        return;
      }
    }
    // `_read` calls back, so that records wait for the reader.
    this.#held = callback;
  }

  /** Makes records of the next lines. Returns false if they need another chunk. */
  #readAhead(): boolean {
    this.#pushed = 0;
    const ready: Item[] = [];
    this.#ready = ready;
    try {
      if (this.#at === this.#piece.length) {
        const lines = this.#cutter.next();
        if (lines === null) return false;
        this.#open(lines);
      }
      this.#readLines(ready);
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      this.#failure = error;
    }
    this.#records += ready.length;
    return true;
  }

  #open({ bytes, isCut }: WholeLines): void {
    this.#at = 0;
    this.#piece = bytes;
    if (!isCut) return;
    this.#at = bytes.length;
    this.#lines++;
    this.#refuse(this.#tooLong(), bytes);
  }

  #readLines(ready: Item[]): void {
    const { maxRecordBytes, reader } = this.#settings;
    const piece = this.#at === 0 ? this.#piece : this.#piece.subarray(this.#at);
    this.#piece = piece;
    this.#at = 0;
    this.#scanner.load(piece);
    const isText = isUtf8(piece);
    for (let left = LINES_AT_ONCE; left > 0 && this.#at < piece.length; left--) {
      const start = this.#at;
      const found = piece.indexOf(LINE_FEED, start);
      const end = found === -1 ? piece.length : found;
      this.#at = found === -1 ? end : end + 1;
      this.#lines++;
      if (isBlank(piece, start, end)) continue;
      if (end - start > maxRecordBytes) {
        this.#refuse(this.#tooLong(), piece.subarray(start, end));
        continue;
      }
      const fault = this.#scanner.scan(start, end);
      if (fault !== WHOLE_JSON) {
        const at = `line ${this.#number}, byte ${fault} of it`;
        this.#refuse(new RecordError('payload', `is not JSON: ${at}`), piece.subarray(start, end));
      } else if (!isText && !isUtf8(piece.subarray(start, end))) {
        const reason = new RecordError('payload', `is not UTF-8: line ${this.#number}`);
        this.#refuse(reason, piece.subarray(start, end));
      } else {
        try {
          ready.push(reader.read(this.#scanner, piece, start, end, this.#number));
        } catch (error) {
          if (!(error instanceof RecordError)) throw error;
          const { field, problem } = error;
          const reason = new RecordError(field, `${problem}: line ${this.#number}`);
          this.#refuse(reason, piece.subarray(start, end));
        }
      }
    }
  }

  #tooLong(): RecordError {
    const { maxRecordBytes } = this.#settings;
    const problem = `is more than maxRecordBytes ${maxRecordBytes}: line ${this.#number}`;
    return new RecordError('payload', problem);
  }

  #refuse(reason: RecordError, bytes: Buffer): void {
    if (this.#settings.invalid === 'fail') throw reason;
    this.#skipped++;
    const skipped: InvalidLine = { reason, line: this.#number, bytes };
    // In a tick of its own, so that an error of a listener does not end up here.
    nextTick(() => this.emit('invalid', skipped));
  }
}

/** Whether a line has nothing but white space. */
function isBlank(bytes: Buffer, start: number, end: number): boolean {
  let at = start;
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0d)) at++;
  return at === end;
}

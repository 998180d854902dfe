import { isUtf8 } from 'node:buffer';

import { type Damage, DamageError } from '../errors/damage-error.js';
import type { DecoderContext, KindDecoder } from './archive-decoder.js';
import {
  ArchiveRecord,
  type Metadata,
  type MetadataLayout,
  type RawPair,
} from './archive-record.js';
import { splitMetadataMember } from './json-metadata.js';

const LINE_FEED = 0x0a;

/** Decodes JSON lines: each line is the payload of a record (docs/format.md, "JSON lines"). */
export class JsonLinesDecoder implements KindDecoder {
  readonly #context: DecoderContext;
  /** So far there is no line feed. */
  #searched = 0;

  constructor(context: DecoderContext) {
    this.#context = context;
  }

  decodeNext(into: ArchiveRecord[]): boolean {
    const { queue, maxRecordBytes } = this.#context;
    const length = queue.indexOf(LINE_FEED, this.#searched);
    if ((length === -1 ? queue.length : length) > maxRecordBytes) {
      this.#fail('too-large', `at most ${maxRecordBytes} bytes`, 'a longer line');
    }
    if (length === -1) {
      this.#searched = queue.length;
      return false;
    }
    this.#searched = 0;
    into.push(this.#open(queue.peek(length)));
    queue.skip(length + 1);
    return true;
  }

  /** A last line without a line feed is a record where its JSON is whole, else torn. */
  finish(into: ArchiveRecord[]): void {
    const { queue, tornTail } = this.#context;
    if (tornTail === 'damage') {
      const line = queue.peek(queue.length);
      if (!isJson(line)) this.#fail('torn', 'a whole line', `the end after ${line.length} bytes`);
      into.push(this.#open(line));
    }
    queue.skip(queue.length);
  }

  #open(line: Buffer): ArchiveRecord {
    const { archive, metadataKey } = this.#context;
    if (!isUtf8(line)) this.#fail('bad-text', 'UTF-8', 'other bytes');
    const origin = { archive, writer: undefined, layout };
    const split = metadataKey === undefined ? null : splitMetadataMember(line, metadataKey);
    if (split === null) return new ArchiveRecord(origin, line, spanOf(0, line.length));
    const bytes = Buffer.concat([split.metadata, split.payload]);
    return new ArchiveRecord(origin, bytes, spanOf(split.metadata.length, bytes.length));
  }

  #fail(reason: Damage['reason'], expected: string, found: string): never {
    const { archive, queue } = this.#context;
    const damage = { reason, what: 'line', offset: queue.offset, expected, found };
    throw new DamageError(damage, archive);
  }
}

function spanOf(metadataEnd: number, payloadEnd: number) {
  return { metadataStart: 0, metadataEnd, payloadStart: metadataEnd, payloadEnd };
}

function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString('utf8'));
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Metadata as a JSON object of strings, which was checked when the line was opened; or nothing. */
const layout: MetadataLayout = {
  decode: (bytes, start, end) => Object.assign(Object.create(null), parse(bytes, start, end)),
  pairs: (bytes, start, end) =>
    Object.entries(parse(bytes, start, end)).map(
      ([key, value]): RawPair => [Buffer.from(key), Buffer.from(value)],
    ),
};

function parse(bytes: Buffer, start: number, end: number): Metadata {
  return start === end ? {} : JSON.parse(bytes.toString('utf8', start, end));
}

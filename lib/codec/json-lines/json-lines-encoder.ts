import { isUtf8 } from 'node:buffer';

import { RecordError } from '../../errors/record-error.js';
import { quote } from '../../errors/show.js';
import { LINE_FEED } from '../../format/json-lines.js';
import { isBytes } from '../bytes/is-bytes.js';
import { Slab } from '../bytes/slab.js';
import { mostBytes, NOT_WELL_FORMED, type Piece, putPiece } from '../bytes/text.js';
import { type FlatMetadata, fieldOf, flattenMetadata } from '../records/metadata-input.js';
import { checkRecordBytes, type RecordEncoder } from '../records/record-encoder.js';
import {
  loneSurrogate,
  metadataOf,
  payloadOf,
  type RecordInput,
  timeMicrosOf,
} from '../records/record-input.js';
import { beginsAsJson } from './begins-as-json.js';

export interface JsonLinesEncoderOptions {
  readonly maxRecordBytes: number;
  readonly slabBytes: number;
  /** The key in each line's object for the metadata. Without it they are not written. */
  readonly metadataKey?: string | undefined;
}

/**
 * Writes one payload per line (docs/format.md, "JSON lines"), for tools that do not know Shoebox.
 */
export class JsonLinesEncoder implements RecordEncoder {
  readonly isBlockOpen = false;
  readonly nextSequence = 0;
  readonly #options: JsonLinesEncoderOptions;
  readonly #flat: FlatMetadata = [];
  readonly #slab: Slab;

  constructor(options: JsonLinesEncoderOptions) {
    this.#options = options;
    this.#slab = new Slab(options.slabBytes);
  }

  get pendingBytes(): number {
    return this.#slab.length;
  }

  add(record: RecordInput, nowMicros: number): number {
    const payload = payloadOf(record);
    const timeMicros = timeMicrosOf(record, nowMicros);
    flattenMetadata(metadataOf(record), this.#flat);
    checkRecordBytes(payload.length, this.#options.maxRecordBytes);
    if (typeof payload !== 'string' && !isUtf8(payload)) {
      throw new RecordError('payload', 'is not UTF-8, as JSON lines must be');
    }
    const key = this.#options.metadataKey;
    const line = key === undefined ? payload : this.#withMetadata(payload, key);
    const slab = this.#slab;
    slab.reserve(mostBytes(line, slab.room - 1) + 1);
    const written = putPiece(slab.bytes, slab.length, line);
    if (written === NOT_WELL_FORMED) throw loneSurrogate('payload');
    const bytes = slab.bytes.subarray(slab.length, slab.length + written);
    if (bytes.includes(LINE_FEED)) {
      throw new RecordError('payload', 'has a line feed, which ends a record in JSON lines');
    }
    if (written > 0 && !beginsAsJson(bytes[0])) {
      throw new RecordError('payload', 'does not begin like JSON, so it could not be read back');
    }
    checkRecordBytes(written, this.#options.maxRecordBytes);
    slab.length += written;
    slab.bytes[slab.length++] = LINE_FEED;
    return timeMicros;
  }

  finishBlock(): void {
    // Each line is a record, so there is nothing to finish.
  }

  take(): Buffer {
    return this.#slab.take();
  }

  moveTo(slab: Slab): void {
    slab.append(this.#slab.filled());
    this.#slab.clear();
  }

  clear(): void {
    this.#slab.clear();
  }

  /** Returns the payload, a JSON object, with the metadata inserted as its first member. */
  #withMetadata(payload: Piece, key: string): string {
    const text = textOf(payload);
    const object = objectOf(text);
    if (Object.hasOwn(object, key)) {
      throw new RecordError('payload', `has a member ${quote(key)}, the metadata's key`);
    }
    const pairs: string[] = [];
    for (let i = 0; i < this.#flat.length; i += 2) {
      const [key, value] = [this.#flat[i], this.#flat[i + 1]];
      const name = metadataText(key, key);
      pairs.push(`${JSON.stringify(name)}:${JSON.stringify(metadataText(value, name))}`);
    }
    // Everything else stays, white space too, so that the payload is read back byte for byte.
    const open = text.indexOf('{') + 1;
    const rest = text.slice(open);
    const comma = rest.trimStart().startsWith('}') ? '' : ',';
    return `${text.slice(0, open)}${JSON.stringify(key)}:{${pairs.join(',')}}${comma}${rest}`;
  }
}

function objectOf(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new RecordError('payload', 'is not JSON, so it cannot hold the metadata', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RecordError('payload', 'is not a JSON object, so it cannot hold the metadata');
  }
  return value;
}

function metadataText(piece: Piece | undefined, key: Piece | undefined): string {
  const text = textOf(piece);
  // JSON could escape a lone surrogate, but the record could then not be copied to other formats.
  if (!text.isWellFormed()) throw loneSurrogate(fieldOf(textOf(key)));
  if (isBytes(piece) && !isUtf8(piece)) {
    throw new RecordError(fieldOf(textOf(key)), 'is not UTF-8, as JSON lines must be');
  }
  return text;
}

function textOf(piece: Piece = ''): string {
  return typeof piece === 'string' ? piece : Buffer.from(piece).toString('utf8');
}

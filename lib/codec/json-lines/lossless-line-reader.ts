import { RecordError } from '../../errors/record-error.js';
import { quote } from '../../errors/show.js';
import {
  ArchiveRecord,
  createOrigin,
  type MetadataLayout,
  type RawPair,
  type RecordOrigin,
} from '../records/archive-record.js';
import { parseIsoMicros } from '../records/iso-time.js';
import { toBase64 } from '../records/payload-form.js';
import { isMetadataObject, jsonMetadataLayout } from './json-metadata.js';
import type { JsonPath } from './json-path.js';
import { type JsonScanner, ValueKind } from './json-scanner.js';
import { CLOSING_BRACE, COMMA, skipWhiteSpace, skipWhiteSpaceBack } from './json-syntax.js';
import type { LineReader } from './line-reader.js';

/** The members beside the payload, in the order of their paths. */
const FACTS = ['time', 'writer', 'sequence', 'metadata', 'metadataBase64'] as const;
const TIME = 0;
const WRITER = 1;
const SEQUENCE = 2;
const METADATA = 3;
const METADATA_BASE64 = 4;

/** The paths of the payload's forms come after those of the facts. */
const PAYLOAD = FACTS.length;
const PAYLOAD_TEXT = PAYLOAD + 1;
const PAYLOAD_BASE64 = PAYLOAD + 2;
const PAYLOADS = ['payload', 'payloadText', 'payloadBase64'] as const;

/** With a record key: its member, and after it the facts in that member. */
const RECORD = PAYLOAD_BASE64 + 1;
const FACTS_ON_TOP = RECORD + 1;

const WRITER_ID = /^[0-9a-f]{16}$/;

/**
 * Reads what `losslessLine` writes (docs/format.md, "Lossless JSON lines"), as equal records: all of
 * time, writer, sequence, metadata and payload, byte for byte.
 */
export class LosslessLineReader implements LineReader<ArchiveRecord> {
  readonly paths: readonly JsonPath[];
  readonly #recordKey: string | undefined;
  #origin: RecordOrigin = createOrigin(undefined, undefined, jsonMetadataLayout);

  /** @param recordKey the member of lines whose payload is on top */
  constructor(recordKey: string | undefined) {
    this.#recordKey = recordKey;
    const own = [...FACTS, ...PAYLOADS].map((name) => [name]);
    const key = recordKey;
    const onTop = key === undefined ? [] : [[key], ...FACTS.map((name) => [key, name])];
    this.paths = [...own, ...onTop];
  }

  read(scanner: JsonScanner, bytes: Buffer, start: number, end: number): ArchiveRecord {
    const key = this.#recordKey;
    const isOnTop = key !== undefined && scanner.kindOf(RECORD) === ValueKind.container;
    const facts = isOnTop ? FACTS_ON_TOP : 0;
    const metadata = metadataOf(scanner, bytes, facts);
    const payload = isOnTop
      ? payloadOnTop(scanner, bytes, key, { start, end })
      : payloadOf(scanner, bytes);
    const all = Buffer.concat([metadata.bytes, payload]);
    const split = metadata.bytes.length;
    return new ArchiveRecord(
      this.#originOf(writerOf(scanner, facts), metadata.layout),
      all,
      { metadataStart: 0, metadataEnd: split, payloadStart: split, payloadEnd: all.length },
      sequenceOf(scanner, facts),
      timeOf(scanner, facts),
    );
  }

  /** Records of one writer share their origin. */
  #originOf(writer: string | undefined, layout: MetadataLayout): RecordOrigin {
    if (this.#origin.writer !== writer || this.#origin.layout !== layout) {
      this.#origin = createOrigin(undefined, writer, layout);
    }
    return this.#origin;
  }
}

function timeOf(scanner: JsonScanner, facts: number): number | undefined {
  const text = scanner.textOf(facts + TIME);
  if (text === undefined) return undefined;
  const micros = parseIsoMicros(text);
  if (Number.isSafeInteger(micros)) return micros;
  throw new RecordError('time', `is ${quote(text)}, expected ISO 8601 in the years 1684 to 2255`);
}

function writerOf(scanner: JsonScanner, facts: number): string | undefined {
  const writer = scanner.textOf(facts + WRITER);
  if (writer === undefined || WRITER_ID.test(writer)) return writer;
  throw new RecordError('writer', `is ${quote(writer)}, expected 16 hex digits`);
}

function sequenceOf(scanner: JsonScanner, facts: number): number | undefined {
  const text = scanner.textOf(facts + SEQUENCE);
  if (text === undefined) return undefined;
  const sequence = scanner.kindOf(facts + SEQUENCE) === ValueKind.word ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(sequence) && sequence >= 0) return sequence;
  throw new RecordError('sequence', `is ${quote(text)}, expected a whole number, 0 or more`);
}

/** The bytes of the metadata in the line, and how to read them. */
function metadataOf(
  scanner: JsonScanner,
  bytes: Buffer,
  facts: number,
): { readonly bytes: Buffer; readonly layout: MetadataLayout } {
  const exact = rawOf(scanner, bytes, facts + METADATA_BASE64);
  if (exact !== undefined) {
    if (exactPairs(exact) !== undefined) return { bytes: exact, layout: exactMetadataLayout };
    throw new RecordError('metadataBase64', 'is not a list of pairs in base64');
  }
  const metadata = rawOf(scanner, bytes, facts + METADATA) ?? Buffer.alloc(0);
  if (metadata.length === 0 || isMetadataObject(metadata)) {
    return { bytes: metadata, layout: jsonMetadataLayout };
  }
  throw new RecordError('metadata', 'is not an object of strings');
}

function payloadOf(scanner: JsonScanner, bytes: Buffer): Buffer {
  const forms = [PAYLOAD, PAYLOAD_TEXT, PAYLOAD_BASE64].filter(
    (path) => scanner.kindOf(path) !== ValueKind.missing,
  );
  const [form] = forms;
  if (form === undefined || forms.length > 1) {
    const names = PAYLOADS.join(', ');
    throw new RecordError('payload', `is there ${forms.length} times, expected one of ${names}`);
  }
  if (form === PAYLOAD) return jsonPayload(scanner, bytes);
  const name = PAYLOADS[form - PAYLOAD] ?? '';
  const kind = scanner.kindOf(form);
  const isString = kind === ValueKind.plainString || kind === ValueKind.escapedString;
  const text = scanner.textOf(form);
  if (!isString || text === undefined) throw new RecordError(name, 'is not a string');
  if (form === PAYLOAD_TEXT) return Buffer.from(text);
  const decoded = fromBase64(text);
  if (decoded === undefined) throw new RecordError(name, 'is not base64');
  return decoded;
}

/**
 * A payload that comes last is all between its colon and the last brace, because white space around
 * JSON belongs to it.
 */
function jsonPayload(scanner: JsonScanner, bytes: Buffer): Buffer {
  const start = skipWhiteSpaceBack(bytes, scanner.startOf(PAYLOAD));
  const end = scanner.endOf(PAYLOAD);
  const after = skipWhiteSpace(bytes, end);
  return bytes.subarray(start, bytes[after] === CLOSING_BRACE ? after : end);
}

/** The line without the member for the facts, and without the comma before that member. */
function payloadOnTop(scanner: JsonScanner, bytes: Buffer, key: string, line: LineSpan): Buffer {
  const name = Buffer.from(`${JSON.stringify(key)}:`);
  const [valueStart, valueEnd] = [scanner.startOf(RECORD), scanner.endOf(RECORD)];
  const start = valueStart - name.length;
  const isLast = bytes[valueEnd] === CLOSING_BRACE;
  if (!isLast || !bytes.subarray(Math.max(start, 0), valueStart).equals(name)) {
    throw new RecordError(quote(key), 'is not the last member, as toJsonLines writes it');
  }
  const end = bytes[start - 1] === COMMA ? start - 1 : start;
  return Buffer.concat([bytes.subarray(line.start, end), bytes.subarray(valueEnd, line.end)]);
}

/** Where a line is in its bytes. */
interface LineSpan {
  readonly start: number;
  readonly end: number;
}

/** The text of an object or a list; undefined if it is missing, and of any other value the text. */
function rawOf(scanner: JsonScanner, bytes: Buffer, path: number): Buffer | undefined {
  if (scanner.kindOf(path) === ValueKind.missing) return undefined;
  return bytes.subarray(scanner.startOf(path), scanner.endOf(path));
}

/** Metadata as a list of pairs in base64: those of version 1 may be no UTF-8, or repeat a key. */
const exactMetadataLayout: MetadataLayout = {
  decode(bytes, start, end) {
    const metadata: Record<string, string> = Object.create(null);
    for (const [key, value] of exactPairs(bytes.subarray(start, end)) ?? []) {
      metadata[key.toString('utf8')] = value.toString('utf8');
    }
    return Object.freeze(metadata);
  },
  pairs: (bytes, start, end) =>
    (exactPairs(bytes.subarray(start, end)) ?? []).map(([key, value]): RawPair => [key, value]),
};

/** The pairs of `[["a2V5","dmFsdWU="], …]`; undefined for anything else. */
function exactPairs(json: Buffer): [key: Buffer, value: Buffer][] | undefined {
  const list: unknown = JSON.parse(json.toString('utf8'));
  if (!Array.isArray(list)) return undefined;
  const pairs: [Buffer, Buffer][] = [];
  for (const pair of list) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const [key, value] = pair.map(fromBase64);
    if (key === undefined || value === undefined) return undefined;
    pairs.push([key, value]);
  }
  return pairs;
}

/** The bytes of a text in base64; undefined for anything else. */
function fromBase64(text: unknown): Buffer | undefined {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64');
  return toBase64(bytes) === text ? bytes : undefined;
}

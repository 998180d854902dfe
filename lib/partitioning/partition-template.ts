import { isBytes } from '../codec/bytes/is-bytes.js';
import { isArchiveRecord } from '../codec/records/archive-record.js';
import { type FlatMetadata, flattenMetadata } from '../codec/records/metadata-input.js';
import {
  metadataOf,
  payloadOf,
  type RecordInput,
  timeMicrosOf,
} from '../codec/records/record-input.js';
import { RecordError } from '../errors/record-error.js';
import { TemplateError } from '../errors/template-error.js';
import { checkText } from '../format/option-values.js';
import { escapeGlob } from '../series/names/glob.js';
import { hiveSegment, hiveValue } from '../series/names/hive-name.js';
import { strftime } from '../series/names/strftime.js';

/** A part of a segment: literal text, a date, or the value of a metadata key. */
type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'date'; readonly format: string }
  | { readonly kind: 'metadata'; readonly key: string };

/** One folder of the path: `name=` and what follows it. */
interface Segment {
  /** With its `=`, escaped; empty if the folder has a value only. */
  readonly name: string;
  readonly pieces: readonly Piece[];
}

/** The longest name of a folder on common file systems. */
const MOST_SEGMENT_BYTES = 255;

/** With a name of 255 bytes and the store's prefix after it, a longer key could exceed the 1,024 bytes of S3. */
const MOST_FOLDER_BYTES = 640;

/** How many folders are remembered. Without that, naming a folder takes longer than encoding a record. */
const MOST_KNOWN = 1024;

/** Splits a segment into text at even indexes and tokens at odd ones. */
const TOKENS = /\[\[([^[\]]*)\]\]/u;

const METADATA = 'metadata.';

/** Directives whose text changes at most every 15 minutes, in UTC. */
const COARSE_DIRECTIVES = /^[aAbBCdDeFgGhHIjklmpPuUVwWxyYzZ%]$/;

/** Directives that say the hour, and those that say the day with others of a template or alone. */
const HOURS = /^%[HIkl]$/;
const DAYS = /^%[dDeFjuwaA]$/;

const HOUR_MICROS = 3600e6;
const DAY_MICROS = 24 * HOUR_MICROS;

const QUARTER_MICROS = 15 * 60e6;

/**
 * How records are divided into folders, as Hive does it: segments such as `tenant=[[metadata.tenant]]`
 * and `dt=%Y-%m-%d`, with slashes between them. Directives as of `strftime` stand for the record's
 * time, in UTC.
 */
export class PartitionTemplate {
  readonly template: string;
  /** The glob of all folders. */
  readonly pattern: string;
  /** The text that every folder begins with. */
  readonly prefix: string;
  /** How many folders deep a partition is. */
  readonly depth: number;
  readonly #segments: readonly Segment[];
  readonly #keys: readonly string[];
  /** For how many µs the text of a time stays the same; null if there are no dates. */
  readonly #stepMicros: number | null;
  /** The latest time of a record so far, in µs since the epoch. */
  latestMicros = Number.NEGATIVE_INFINITY;
  /** How many records were given folders. */
  records = 0;
  /** For how long a partition gets records; undefined unless its folder says a day or an hour. */
  readonly #periodMicros: number | undefined;
  readonly #known = new Map<string, string>();
  readonly #values: string[] = [];

  /** @throws TemplateError for a template that cannot name folders below a directory */
  constructor(template: string) {
    checkText('partition', template);
    this.template = template;
    this.#segments = template.split('/').map((segment) => this.#parseSegment(segment));
    this.depth = this.#segments.length;
    const pieces = this.#segments.flatMap((segment) => segment.pieces);
    this.#keys = pieces.flatMap((piece) => (piece.kind === 'metadata' ? [piece.key] : []));
    const dates = pieces.flatMap((piece) => (piece.kind === 'date' ? [piece.format] : []));
    if (this.#keys.length + dates.length === 0) {
      throw new TemplateError(template, 'has neither a date nor [[metadata.KEY]]');
    }
    this.#periodMicros = periodOf(dates);
    const isCoarse = dates.every((format) => COARSE_DIRECTIVES.test(format.slice(1)));
    this.#stepMicros = dates.length === 0 ? null : isCoarse ? QUARTER_MICROS : 1;
    this.pattern = this.#segments.map(patternOf).join('/');
    this.prefix = /^[\w=./-]*/.exec(template.replace(/(%|\[\[).*$/s, ''))?.[0] ?? '';
  }

  /** Whether folders have dates, so that a record without a time must get one. */
  get hasDates(): boolean {
    return this.#stepMicros !== null;
  }

  /**
   * The path of a record's folder, below the directory of all partitions.
   *
   * @param nowMicros the time of a record without one
   * @throws RecordError if the record has no valid metadata or time, or makes a name that is too long
   */
  folderOf(record: RecordInput, nowMicros: number): string {
    // Throws for a value that is not a record.
    if (typeof record !== 'object' || record === null) payloadOf(record);
    const step = this.#stepMicros;
    const micros = step === null ? 0 : timeMicrosOf(record, nowMicros);
    this.records++;
    if (micros > this.latestMicros) this.latestMicros = micros;
    const values = this.#readValues(record);
    let key = step === null ? '' : String(Math.floor(micros / step));
    for (const value of values) key += ` ${value.length}:${value}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const folder = this.#makeFolder(micros, values);
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(key, folder);
    return folder;
  }

  /**
   * When the partition ends that has records of a time, in µs since the epoch; undefined if its folder
   * does not say a day or an hour.
   */
  endMicrosOf(micros: number): number | undefined {
    const period = this.#periodMicros;
    return period === undefined ? undefined : (Math.floor(micros / period) + 1) * period;
  }

  #readValues(record: RecordInput): readonly string[] {
    const values = this.#values;
    for (const [at, key] of this.#keys.entries()) values[at] = metadataValue(record, key);
    return values;
  }

  #makeFolder(micros: number, values: readonly string[]): string {
    let next = 0;
    const textOf = (piece: Piece) => {
      if (piece.kind === 'text') return piece.text;
      if (piece.kind === 'metadata') return hiveValue(values[next++] ?? '');
      return hiveValue(strftime(piece.format, micros));
    };
    const folder = this.#segments
      .map(({ name, pieces }) => {
        const segment = hiveSegment(name + pieces.map(textOf).join(''));
        const bytes = Buffer.byteLength(segment);
        if (bytes <= MOST_SEGMENT_BYTES) return segment;
        const limit = `expected at most ${MOST_SEGMENT_BYTES}`;
        const field = faultyField(pieces);
        throw new RecordError(field, `makes the name of a folder with ${bytes} bytes, ${limit}`);
      })
      .join('/');
    const bytes = Buffer.byteLength(folder);
    if (bytes <= MOST_FOLDER_BYTES) return folder;
    const limit = `expected at most ${MOST_FOLDER_BYTES}`;
    throw new RecordError('metadata', `make the path of a folder with ${bytes} bytes, ${limit}`);
  }

  #parseSegment(text: string): Segment {
    if (text === '') throw new TemplateError(this.template, 'has an empty folder');
    const equals = text.indexOf('=');
    const name = text.slice(0, equals + 1);
    if (/%|\[\[/.test(name)) {
      throw new TemplateError(this.template, `has a column whose name is not fixed: "${name}"`);
    }
    if (name === '=') throw new TemplateError(this.template, 'has a column without a name');
    const pieces = this.#parsePieces(text.slice(equals + 1));
    if (pieces.length === 0) throw new TemplateError(this.template, 'has a column without a value');
    return { name: name === '' ? '' : `${hiveValue(name.slice(0, -1))}=`, pieces };
  }

  #parsePieces(text: string): Piece[] {
    return text.split(TOKENS).flatMap((part, i): Piece[] => {
      if (i % 2 === 0) return this.#parseText(part);
      if (part.startsWith(METADATA) && part.length > METADATA.length) {
        return [{ kind: 'metadata', key: part.slice(METADATA.length) }];
      }
      throw new TemplateError(
        this.template,
        `has the token [[${part}]], expected [[metadata.KEY]]`,
      );
    });
  }

  #parseText(text: string): Piece[] {
    if (/\[\[|\]\]/.test(text)) {
      throw new TemplateError(this.template, `has double brackets around no token in "${text}"`);
    }
    return (text.match(/%.|[^%]+|%$/gsu) ?? []).map((part): Piece => {
      if (part === '%%') return { kind: 'text', text: hiveValue('%') };
      if (!part.startsWith('%')) return { kind: 'text', text: hiveValue(part) };
      try {
        strftime(part, 0);
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        throw new TemplateError(this.template, `cannot be expanded: ${problem}`);
      }
      return { kind: 'date', format: part };
    });
  }
}

/** Undefined for a template with minutes or anything finer, whose partitions are too short. */
function periodOf(dates: readonly string[]): number | undefined {
  if (!dates.every((format) => COARSE_DIRECTIVES.test(format.slice(1)))) return undefined;
  if (dates.some((format) => HOURS.test(format))) return HOUR_MICROS;
  return dates.some((format) => DAYS.test(format)) ? DAY_MICROS : undefined;
}

function patternOf({ name, pieces }: Segment): string {
  const texts = pieces.map((piece) => (piece.kind === 'text' ? escapeGlob(piece.text) : '*'));
  return escapeGlob(name) + texts.join('').replace(/(?<!\\)\*{2,}/g, '*');
}

function faultyField(pieces: readonly Piece[]): string {
  const first = pieces.find((piece) => piece.kind === 'metadata');
  return first === undefined ? 'time' : `metadata[${JSON.stringify(first.key)}]`;
}

/** The value of a metadata key; empty if it is missing. */
function metadataValue(record: RecordInput, key: string): string {
  if (typeof record !== 'object' || record === null || isBytes(record)) return '';
  if (isArchiveRecord(record)) return record.metadata[key] ?? '';
  const metadata: unknown = record.metadata;
  if (metadata === undefined || metadata === null) return '';
  if (Object.getPrototypeOf(metadata) === Object.prototype) {
    // The most frequent case.
    return Object.hasOwn(metadata, key) ? toValue(Reflect.get(metadata, key), key) : '';
  }
  const flat: FlatMetadata = [];
  flattenMetadata(metadataOf(record), flat);
  const at = flat.findIndex((each, i) => i % 2 === 0 && each === key);
  return at === -1 ? '' : toValue(flat[at + 1], key);
}

function toValue(value: unknown, key: string): string {
  const field = `metadata[${JSON.stringify(key)}]`;
  if (typeof value !== 'string') throw new RecordError(field, 'is not a string');
  if (!value.isWellFormed()) throw new RecordError(field, 'has half of a surrogate pair');
  return value;
}

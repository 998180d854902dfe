import { ArchiveError } from './archive-error.js';
import { quote } from './show.js';

/** A record of a source, or its archived copy. */
export interface DivergedRecord {
  readonly payload: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
  /** In µs since the epoch. */
  readonly timeMicros: number | undefined;
}

/** Why a source is not the one that was archived. */
export interface SourceDivergence {
  /** The `path` of the series, such as `orders/0`: topic and partition. */
  readonly series: string;
  /** The position where they differ, or before which the archived records end. */
  readonly position: number;
  /** The archived record at the position; undefined if it was not looked up. */
  readonly archived: DivergedRecord | undefined;
  /** The record of the source at the position; undefined if the source ends before it. */
  readonly received: DivergedRecord | undefined;
  /** The position before which the source ends. */
  readonly end?: number | undefined;
  /** The name for a series of such a source. @default 'partition' */
  readonly kind?: 'partition' | 'stream' | undefined;
}

/** What sources call a position, and what can be created again. */
const WORDS = {
  partition: { position: 'offset', owner: 'topic' },
  stream: { position: 'sequence', owner: 'stream' },
} as const;

/**
 * The records of a source are not those that were archived from it: a topic was deleted and created
 * again under its name, or lost its last records. Nothing of it was archived, since its positions
 * would name other records. Give the new topic another `incarnation`.
 */
export class SourceDivergedError extends ArchiveError implements SourceDivergence {
  override readonly name = 'SourceDivergedError';
  override readonly code = 'ERR_SOURCE_DIVERGED';
  readonly series: string;
  readonly position: number;
  readonly archived: DivergedRecord | undefined;
  readonly received: DivergedRecord | undefined;
  readonly end: number | undefined;

  constructor(divergence: SourceDivergence) {
    const { archived, end, kind = 'partition', position, received, series } = divergence;
    const words = WORDS[kind];
    const at = `${words.position} ${position}`;
    const what =
      received === undefined
        ? `ends at ${words.position} ${end}, but records up to ${at} are archived`
        : `has ${describe(received)} at ${at}, but ${describe(archived)} is archived`;
    super(
      'ERR_SOURCE_DIVERGED',
      `${kind} ${series} ${what}: the ${words.owner} was created again, or lost records; ` +
        'archive it under another incarnation',
    );
    this.series = series;
    this.position = position;
    this.archived = archived;
    this.received = received;
    this.end = end;
  }
}

const SHOWN_BYTES = 40;

function describe(record: DivergedRecord | undefined): string {
  if (record === undefined) return 'another record';
  const { payload, timeMicros } = record;
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const begin = quote(bytes.toString('utf8', 0, SHOWN_BYTES));
  const time = timeMicros === undefined ? '' : ` of ${timeMicros} µs`;
  return `a record${time} with ${payload.length} bytes (${begin})`;
}

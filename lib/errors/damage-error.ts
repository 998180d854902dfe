import { ArchiveError } from './archive-error.js';

/** Why bytes are not a valid archive. The names are stable, so you may count and alert by them. */
export type DamageReason =
  | 'bad-magic'
  | 'unknown-version'
  | 'unknown-kind'
  | 'unknown-codec'
  | 'unknown-flags'
  | 'bad-header'
  | 'bad-length'
  | 'too-large'
  | 'bad-checksum'
  | 'bad-body'
  | 'bad-gzip'
  | 'bad-zstd'
  | 'bad-text'
  | 'torn';

/** A fault in the bytes of an archive. */
export interface Damage {
  readonly reason: DamageReason;
  /** The damaged thing, for the message: `header`, `block`, `record`. */
  readonly what: string;
  /**
   * Where the damage begins: bytes from the start of the archive, uncompressed. For the index of a
   * compressed archive (`bad-gzip`, `bad-zstd`) it counts the bytes of the compressed file.
   */
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
}

/** Bytes are not a valid archive. The reader has delivered every record before `offset`. */
export class DamageError extends ArchiveError {
  override readonly name = 'DamageError';
  override readonly code = 'ERR_ARCHIVE_DAMAGED';
  readonly reason: DamageReason;
  /** The damaged thing: `header`, `block`, `record`, `gzip`, `zstd`. */
  readonly what: string;
  /** The archive's path or name, if the reader knows one. */
  readonly archive: string | undefined;
  readonly offset: number;
  readonly expected: string;
  readonly found: string;

  constructor(damage: Damage, archive?: string, options?: ErrorOptions) {
    const where = `byte ${damage.offset}${archive === undefined ? '' : ` of ${archive}`}`;
    super(
      'ERR_ARCHIVE_DAMAGED',
      `damaged ${damage.what} at ${where}: expected ${damage.expected}, found ${damage.found}`,
      options,
    );
    this.reason = damage.reason;
    this.what = damage.what;
    this.archive = archive;
    this.offset = damage.offset;
    this.expected = damage.expected;
    this.found = damage.found;
  }
}

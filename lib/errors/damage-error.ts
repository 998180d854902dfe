import { ArchiveError } from './archive-error.js';

/** Why bytes are not what an archive holds. Names are stable: they are reported and counted by. */
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
  | 'bad-text'
  | 'torn';

/** What is wrong with bytes that should be an archive, and where. */
export interface Damage {
  readonly reason: DamageReason;
  /** What is damaged, as the message names it: `header`, `block`, `record`. */
  readonly what: string;
  /** Where it begins: bytes from the start of the archive, uncompressed. */
  readonly offset: number;
  readonly expected: string;
  readonly found: string;
}

/** Bytes that are not a valid archive. Every record before `offset` has been delivered. */
export class DamageError extends ArchiveError {
  override readonly name = 'DamageError';
  override readonly code = 'ERR_ARCHIVE_DAMAGED';
  readonly reason: DamageReason;
  /** The archive's path or name, where it has one. */
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
    this.archive = archive;
    this.offset = damage.offset;
    this.expected = damage.expected;
    this.found = damage.found;
  }
}

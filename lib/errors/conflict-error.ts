import { ArchiveError } from './archive-error.js';

/** Two different records that have one identity: a writer's id and a sequence. */
export interface SequenceConflict {
  /** 16 hex digits. */
  readonly writer: string;
  /** The first of the sequences. */
  readonly from: number;
  /** The sequence after the last of them. */
  readonly to: number;
  /** The path of the archive whose records are not emitted. */
  readonly archive: string;
  /** The path of the archive whose records were emitted before; undefined if it was forgotten. */
  readonly other: string | undefined;
}

/** Archives contradict each other: an identity belongs to two different records. */
export class ConflictError extends ArchiveError implements SequenceConflict {
  override readonly name = 'ConflictError';
  readonly writer: string;
  readonly from: number;
  readonly to: number;
  readonly archive: string;
  readonly other: string | undefined;

  constructor({ archive, from, other, to, writer }: SequenceConflict) {
    super(
      'ERR_ARCHIVE_CONFLICT',
      `${archive}: records ${from} to ${to - 1} of writer ${writer} are not those of the same ` +
        `sequences in ${other ?? 'an archive that was read before'}`,
    );
    this.writer = writer;
    this.from = from;
    this.to = to;
    this.archive = archive;
    this.other = other;
  }
}

import type { ArchiveFormat } from '../../codec/records/record-encoder.js';

/** An archive as it opens. */
export interface OpenedArchive {
  readonly path: string;
  readonly name: string;
  /** Which of its writer's archives it is, counted from 0. */
  readonly ordinal: number;
  /** The writer's id, 16 hex digits. */
  readonly writer: string;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
}

/** A finished archive: all its bytes are on disk, and stay as they are. */
export interface SealedArchive extends Pick<OpenedArchive, 'path' | 'name'> {
  /**
   * Which of its writer's archives it is, counted from 0. Undefined for one that was recovered,
   * where nothing tells.
   */
  readonly ordinal: number | undefined;
  /** The writer's id, 16 hex digits. Undefined for one that was recovered, where nothing tells. */
  readonly writer: string | undefined;
  /** Milliseconds since the epoch; of one that was recovered, when it was last written to. */
  readonly openedAt: number;
  readonly bytes: number;
  readonly records: number;
  /** Of all bytes of the file, in hex. */
  readonly sha256: string;
  /** The earliest of the records' times, null where they have none. */
  readonly firstTime: Date | null;
  /** The latest of the records' times, null where they have none. */
  readonly lastTime: Date | null;
  readonly format: ArchiveFormat;
}

/**
 * Does something with each archive of a writer. Handlers run in order, at least once for each
 * archive: after a crash again, so that a handler must bear to be called twice. One that throws is
 * reported, and stops neither the writer nor the handlers after it.
 */
export interface ArchiveHandler {
  /** What reports call it. */
  readonly name?: string;

  /** Whether it moves, renames or deletes the file. Such a handler does not go with `ship`. */
  readonly movesFile?: boolean;

  onOpen?(archive: OpenedArchive): void | Promise<void>;

  /**
   * Called when the archive is sealed, before it is shipped.
   *
   * @returns the path where the file is now, null when it is gone, nothing when it is where it was
   */
  onSealed?(archive: SealedArchive): HandledPath | Promise<HandledPath>;
}

/**
 * Where a handler left the file: its path, null when it is gone, nothing when it is where it was.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler may return nothing.
export type HandledPath = string | null | void;

/** Whether a value from outside is an `ArchiveHandler`: it has `onOpen`, `onSealed` or both. */
export function isArchiveHandler(value: unknown): value is ArchiveHandler {
  if (typeof value !== 'object' || value === null) return false;
  const onOpen = 'onOpen' in value ? value.onOpen : undefined;
  const onSealed = 'onSealed' in value ? value.onSealed : undefined;
  const hooks = [onOpen, onSealed].filter((hook) => hook !== undefined);
  return hooks.length > 0 && hooks.every((hook) => typeof hook === 'function');
}

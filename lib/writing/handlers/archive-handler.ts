import type { ArchiveFormat } from '../../codec/records/record-encoder.js';

/** An archive as it opens. */
export interface OpenedArchive {
  readonly path: string;
  readonly name: string;
  /** The archive's number within its writer, from 0. */
  readonly ordinal: number;
  /** The writer's id, 16 hex digits. */
  readonly writer: string;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
}

/** A finished archive: all its bytes are on disk and do not change any more. */
export interface SealedArchive extends Pick<OpenedArchive, 'path' | 'name'> {
  /**
   * The archive's number within its writer, from 0. Undefined for a recovered archive, if it cannot
   * be derived.
   */
  readonly ordinal: number | undefined;
  /**
   * The writer's id, 16 hex digits. Undefined for a recovered archive that has no block of version
   * 2.
   */
  readonly writer: string | undefined;
  /** Milliseconds since the epoch; of a recovered archive, when it was last written to. */
  readonly openedAt: number;
  readonly bytes: number;
  readonly records: number;
  /** SHA-256 of the whole file, in hex. */
  readonly sha256: string;
  /** The earliest record time; null if no record has a time. */
  readonly firstTime: Date | null;
  /** The latest record time; null if no record has a time. */
  readonly lastTime: Date | null;
  readonly format: ArchiveFormat;
}

/** An archive that its own writer has sealed. */
export interface OwnSealedArchive extends SealedArchive {
  readonly ordinal: number;
  readonly writer: string;
}

/** Where archives of a series are. */
export interface ArchiveLocation {
  /** The path of their directory. */
  readonly directory: string;
  /** The glob of their names. */
  readonly names: string;
}

/**
 * Code of the application that runs for each archive of a writer, and for each that it recovers.
 * Handlers run in order. If one throws, the writer reports it and continues, also with the next
 * handlers. A call is not repeated after a crash; but a recovery may be, so that a handler must
 * accept an archive twice.
 */
export interface ArchiveHandler {
  /** The handler's name in reports of its failures. @default `handler 1`, by its position */
  readonly name?: string;

  /**
   * Whether it moves, renames or deletes the file. Such a handler cannot be combined with `ship`.
   */
  readonly movesFile?: boolean;

  /**
   * For a handler that moves or renames files: where it leaves those that it gets from `from`. The
   * writer adds that to its `patterns`. @default the same location
   */
  locate?(from: ArchiveLocation): ArchiveLocation;

  onOpen?(archive: OpenedArchive): void | Promise<void>;

  /**
   * Called when the archive is sealed, before it is shipped.
   *
   * @returns the file's new path, null if the file is gone, or nothing if it has not moved
   */
  onSealed?(archive: SealedArchive): HandledPath | Promise<HandledPath>;
}

/** Where a handler left the file: its new path, null if it is gone, nothing if it has not moved. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler may return nothing.
export type HandledPath = string | null | void;

/** Whether an unknown value is an `ArchiveHandler`: it has `onOpen`, `onSealed` or both. */
export function isArchiveHandler(value: unknown): value is ArchiveHandler {
  if (typeof value !== 'object' || value === null) return false;
  const onOpen = 'onOpen' in value ? value.onOpen : undefined;
  const onSealed = 'onSealed' in value ? value.onSealed : undefined;
  const hooks = [onOpen, onSealed].filter((hook) => hook !== undefined);
  return hooks.length > 0 && hooks.every((hook) => typeof hook === 'function');
}

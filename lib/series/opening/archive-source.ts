import type { ByteRange } from '../../files/byte-range.js';

/** The bytes of an archive where they lie, in a file or in a store, open to be read. */
export interface ArchiveSource {
  /** What records and errors name, the suffix of the archive's state included. */
  readonly path: string;
  /** Whether it is still written, so that it may end anywhere. */
  readonly isOpen: boolean;

  /** How many bytes it has by now. */
  size(): Promise<number>;

  /** The bytes of a range, which is in memory whole; fewer where the archive ends before. */
  read(range: Required<ByteRange>): Promise<Buffer>;

  /**
   * The bytes of a range, of all of it by default, taken no faster than they are wanted. Buffers are the
   * caller's, and not much larger than what they hold.
   */
  stream(range?: ByteRange): AsyncGenerator<Buffer>;

  close(): Promise<void>;
}

import type { ByteRange } from '../../files/byte-range.js';
import type { FileStatus } from '../../files/file-layer.js';

/** A file as long as it exists, under any name. */
export type FileNumber = Pick<FileStatus, 'dev' | 'ino'>;

/** An open archive: random and sequential access to its bytes, in a file or in a store. */
export interface ArchiveSource {
  /** The path that records and errors name, with the suffix of the archive's state. */
  readonly path: string;
  /** Whether a writer may still append to it, so that it may end anywhere. */
  readonly isOpen: boolean;

  /** Whether its end is in memory, so that an index there costs no request. */
  readonly hasEnd?: boolean;

  /** Its current size in bytes. */
  size(): Promise<number>;

  /** Reads a whole range into memory; fewer bytes if the archive ends within it. */
  read(range: Required<ByteRange>): Promise<Buffer>;

  /**
   * Streams a range, by default everything, no faster than the caller asks for it. The caller owns
   * the buffers. Their memory is not much larger than their content.
   */
  stream(range?: ByteRange): AsyncGenerator<Buffer>;

  /** The file that it is in; missing in a store. */
  fileNumber?(): Promise<FileNumber>;

  close(): Promise<void>;
}

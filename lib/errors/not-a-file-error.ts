import { ArchiveError } from './archive-error.js';

/** The kind of file found where a regular file was expected. */
export type FileKind = 'a symbolic link' | 'a directory' | 'a named pipe' | 'a socket' | 'a device';

/**
 * A name in a directory does not belong to a regular file. Nothing was read of it: reading a named
 * pipe could block forever, and a symbolic link could lead out of the directory.
 */
export class NotAFileError extends ArchiveError {
  override readonly name = 'NotAFileError';
  override readonly code = 'ERR_NOT_A_FILE';
  readonly path: string;
  readonly found: FileKind;

  constructor(path: string, found: FileKind, options?: ErrorOptions) {
    super(
      'ERR_NOT_A_FILE',
      `cannot open ${path}: expected a regular file, found ${found}`,
      options,
    );
    this.path = path;
    this.found = found;
  }
}

import { ArchiveError } from './archive-error.js';

/** A path is missing, is not a directory, or does not permit what the writer must do in it. */
export class DirectoryError extends ArchiveError {
  override readonly name = 'DirectoryError';
  override readonly code = 'ERR_DIRECTORY';
  readonly directory: string;

  constructor(directory: string, problem: string, options?: ErrorOptions) {
    super('ERR_DIRECTORY', `directory ${directory} ${problem}`, options);
    this.directory = directory;
  }
}

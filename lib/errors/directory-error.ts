import { ArchiveError } from './archive-error.js';

/** A directory that is not there, is none, or does not allow what must be done in it. */
export class DirectoryError extends ArchiveError {
  override readonly name = 'DirectoryError';
  override readonly code = 'ERR_DIRECTORY';
  readonly directory: string;

  constructor(directory: string, problem: string, options?: ErrorOptions) {
    super('ERR_DIRECTORY', `directory ${directory} ${problem}`, options);
    this.directory = directory;
  }
}

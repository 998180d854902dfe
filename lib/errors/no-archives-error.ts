import { ArchiveError } from './archive-error.js';

/** The patterns match no archive. Pass `allowEmpty` if that is not an error for you. */
export class NoArchivesError extends ArchiveError {
  override readonly name = 'NoArchivesError';
  override readonly code = 'ERR_NO_ARCHIVES';
  readonly patterns: readonly string[];

  constructor(patterns: readonly string[]) {
    super('ERR_NO_ARCHIVES', `no archive matches ${patterns.join(', ')}`);
    this.patterns = patterns;
  }
}

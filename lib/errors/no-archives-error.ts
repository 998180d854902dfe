import { ArchiveError } from './archive-error.js';

/** A pattern that matches no archive. Pass `allowEmpty` where that is a result like others. */
export class NoArchivesError extends ArchiveError {
  override readonly name = 'NoArchivesError';
  override readonly code = 'ERR_NO_ARCHIVES';
  readonly patterns: readonly string[];

  constructor(patterns: readonly string[]) {
    super('ERR_NO_ARCHIVES', `no archive matches ${patterns.join(', ')}`);
    this.patterns = patterns;
  }
}

import { ArchiveError } from '../errors/archive-error.js';

/** Why records that wait are not written any more, where nobody has given another reason. */
export function wasDestroyed(): ArchiveError {
  return new ArchiveError('ERR_DESTROYED', 'the writer was destroyed before all was written');
}

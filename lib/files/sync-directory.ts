import { toMessage } from '../errors/show.js';
import type { FileLayer } from './file-layer.js';
import { systemCodeOf } from './system-error.js';

/**
 * What file systems that cannot sync a directory answer, above all network file systems. (Windows
 * answers EPERM, because it opens no directory for writing.)
 */
const NO_DIRECTORY_SYNC: ReadonlySet<string> = new Set([
  'EINVAL',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EISDIR',
  'EBADF',
  ...(process.platform === 'win32' ? ['EPERM', 'EACCES'] : []),
]);

/** The file systems whose lack was reported. */
const reported = new WeakSet<FileLayer>();

/**
 * Makes the names that were created, linked or removed in a directory survive a power loss, as far
 * as the file system can: on one that cannot sync directories, this warns the process once and does
 * nothing.
 *
 * @throws Node's error if the sync failed
 */
export async function syncDirectory(files: FileLayer, directory: string): Promise<void> {
  try {
    await files.syncDirectory(directory);
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === undefined || !NO_DIRECTORY_SYNC.has(code)) throw error;
    report(files, directory, code);
  }
}

function report(files: FileLayer, directory: string, code: string): void {
  if (reported.has(files)) return;
  reported.add(files);
  process.emitWarning(
    toMessage(
      `the file system of ${directory} cannot sync directories (${code}): ` +
        'names of files may be lost at a power loss, contents are synced',
    ),
    { type: 'ShoeboxWarning', code: 'SHOEBOX_NO_DIRECTORY_SYNC' },
  );
}

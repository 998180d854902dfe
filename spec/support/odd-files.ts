import { execFileSync } from 'node:child_process';
import { mkdir, symlink } from 'node:fs/promises';

/** Creates something other than a regular file, under a name where one is expected. */
export const ODD_FILES: Readonly<Record<string, (path: string) => unknown>> = {
  'a named pipe': (path) => execFileSync('mkfifo', [path]),
  'a symbolic link': (path) => symlink('/etc/hosts', path),
  'a directory': (path) => mkdir(path),
  'a device': (path) => symlink('/dev/zero', path),
};

import { join, resolve, sep } from 'node:path';

/**
 * The file of an object below a directory.
 *
 * @throws Error if the key would leave the directory
 */
export function localPathOf(directory: string, key: string): string {
  const root = resolve(directory);
  const path = resolve(root, ...key.split('/'));
  const isBelow = path.startsWith(root.endsWith(sep) ? root : root + sep);
  if (isBelow && !key.includes('\0')) return join(directory, ...key.split('/'));
  throw new Error(`the object ${JSON.stringify(key)} would be outside of ${directory}`);
}

import { appendFile } from 'node:fs/promises';

/** A handler that adds a line to a file for each sealed archive. */
export function noteSealed(path) {
  return {
    async onSealed(archive) {
      await appendFile(path, `${archive.name}\n`);
    },
  };
}

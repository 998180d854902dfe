import { join } from 'node:path';

import type { BenchCase } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { type Input, loadInput } from '../inputs/input.js';

/**
 * A case that writes the whole input into a directory. The directory is empty before each round.
 */
export function writeCase(write: (directory: string, input: Input) => Promise<void>): BenchCase {
  return async ({ directory, input: name, scale }) => {
    const input = await loadInput(name, scale);
    const target = join(directory, 'written');
    return {
      reset: () => emptyDirectory(target),
      async run() {
        await write(target, input);
        return { records: input.count, bytes: input.bytes };
      },
    };
  };
}

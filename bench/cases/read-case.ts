import { join } from 'node:path';

import type { BenchCase } from '../bench-case.js';
import { emptyDirectory } from '../empty-directory.js';
import { type Input, loadInput } from '../inputs/input.js';

/** Counts what a reader reads, so that no reader can omit something that the others read. */
export class Found {
  records = 0;
  payloadBytes = 0;
  pairs = 0;

  addPayload(payload: Uint8Array): void {
    this.records++;
    this.payloadBytes += payload.length;
  }

  addBoth(metadata: Readonly<Record<string, string>>, payload: Uint8Array): void {
    this.addPayload(payload);
    // Not with Object.keys, which would cost as much as reading a small record.
    for (const _ in metadata) this.pairs++;
  }
}

/**
 * A case that reads a whole input, which is written once.
 *
 * @param read reads everything that `write` wrote
 */
export function readCase(
  write: (directory: string, input: Input) => Promise<void>,
  read: (directory: string, found: Found) => Promise<void>,
): BenchCase {
  return async ({ directory, input: name, scale }) => {
    const input = await loadInput(name, scale);
    const source = join(directory, 'source');
    await emptyDirectory(source);
    await write(source, input);
    return {
      async run() {
        const found = new Found();
        await read(source, found);
        if (found.records !== input.count || found.payloadBytes > input.bytes) {
          throw new Error(`read ${found.records} records of ${input.count}`);
        }
        return { records: input.count, bytes: input.bytes };
      },
    };
  };
}

import { basename } from 'node:path';

import type { SealedArchive } from '../../lib/writing/handlers/archive-handler.js';

/** The facts about the archive at `path`, as handlers get them. */
export function sealedArchive(path: string): SealedArchive {
  return {
    path,
    name: basename(path),
    ordinal: 3,
    writer: '0123456789abcdef',
    openedAt: 1000,
    bytes: 7,
    records: 2,
    sha256: 'ab'.repeat(32),
    firstTime: null,
    lastTime: null,
    format: 'v2',
  };
}

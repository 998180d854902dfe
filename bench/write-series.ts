import { finished } from 'node:stream/promises';

import { type ArchiveWriterOptions, createArchiveWriter, rollBySize } from 'shoebox-archive';

import { feed } from './feed.js';
import type { Input } from './inputs/input.js';
import { unsyncedFiles } from './unsynced-files.js';

/** Writes all records into archives of 100 MB. */
export async function writeSeries(
  directory: string,
  input: Input,
  options: Partial<ArchiveWriterOptions> = {},
): Promise<void> {
  const writer = createArchiveWriter({ directory, roll: rollBySize('100 MB'), ...options });
  const done = finished(writer);
  await feed(writer, input, (record) => record);
  await done;
}

/** As `writeSeries`, without any fsync. */
export async function writeUnsynced(directory: string, input: Input): Promise<void> {
  await writeSeries(directory, input, { sync: 'no', files: unsyncedFiles });
}

// Ships 200 archives to a directory, with a metadata index. Arguments: directory, scale.
import { join } from 'node:path';
import { finished } from 'node:stream/promises';

import { createArchiveWriter, rollByCount } from 'shoebox-archive';

import { emptyDirectory } from './empty-directory.js';
import { inputOf, loadInput, recordsOf } from './inputs/input.js';
import { ARCHIVES, FIRST_TIME, FULL_RECORDS, STEP_MS, sessionOf } from './object-series.js';
import { unsyncedFiles } from './unsynced-files.js';

const [directory = '', scale] = process.argv.slice(2);
const [spool, to] = [join(directory, 'spool'), join(directory, 'store')];
await Promise.all([emptyDirectory(spool), emptyDirectory(to)]);
const { distinct } = await loadInput('corpus', 0);
const perArchive = Math.ceil((FULL_RECORDS * Number(scale)) / ARCHIVES);
const input = inputOf('corpus', distinct, perArchive * ARCHIVES);
const writer = createArchiveWriter({
  directory: spool,
  index: ['session'],
  roll: rollByCount(perArchive),
  files: unsyncedFiles,
  sync: 'no',
  ship: { to, endTimeout: '1h', maxSpoolBytes: '8 GiB' },
});
let i = 0;
for (const { metadata, payload } of recordsOf(input)) {
  const session = sessionOf(i, input.count);
  writer.write({ payload, metadata: { ...metadata, session }, time: FIRST_TIME + i * STEP_MS });
  i++;
  await writer.ready();
}
const done = finished(writer);
writer.end();
await done;
process.send?.({ records: input.count });
process.disconnect?.();

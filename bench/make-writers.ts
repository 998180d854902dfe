// Archives records of 300 writers, which wrote at the same time. Arguments: directory, archives of
// each writer. A process of its own, so that the memory of the measured process is that of reading.
import { createArchiveWriter, rollByCount } from 'shoebox-archive';

import { FIRST_MS, nameWriter, PER_ARCHIVE, WRITERS } from './many-archives.js';
import { unsyncedFiles } from './unsynced-files.js';

const [directory = '', archives = ''] = process.argv.slice(2);
const count = PER_ARCHIVE * Number(archives);
const filling = 'x'.repeat(1200);

for (let i = 0; i < WRITERS; i++) {
  const writer = createArchiveWriter({
    directory,
    writerId: nameWriter(i),
    roll: rollByCount(PER_ARCHIVE),
    files: unsyncedFiles,
    sync: 'no',
  });
  for (let n = 0; n < count; n++) {
    writer.write({ time: FIRST_MS + 1000 * n + i, payload: `{"n":${n},"x":"${filling}"}` });
    await writer.ready();
  }
  await writer.close();
}

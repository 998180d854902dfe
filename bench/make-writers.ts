// Archives records of 300 writers, which wrote at the same time. Arguments: directory, archives of
// each writer. A process of its own, so that the memory of the measured process is that of reading.
import { createArchiveWriter, rollByCount } from 'shoebox-archive';

import { FIRST_MS, nameWriter, PER_ARCHIVE, WRITERS } from './many-archives.js';
import { unsyncedFiles } from './unsynced-files.js';

const [directory = '', archives = ''] = process.argv.slice(2);
const count = PER_ARCHIVE * Number(archives);
/** Writers that write together, because sealing waits for the disk. */
const AT_ONCE = 20;

const filling = 'x'.repeat(1200);

for (let first = 0; first < WRITERS; first += AT_ONCE) {
  await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => write(first + i)));
}

async function write(number: number): Promise<void> {
  const writer = createArchiveWriter({
    directory,
    writerId: nameWriter(number),
    roll: rollByCount(PER_ARCHIVE),
    files: unsyncedFiles,
    sync: 'no',
  });
  for (let n = 0; n < count; n++) {
    writer.write({ time: FIRST_MS + 1000 * n + number, payload: `{"n":${n},"x":"${filling}"}` });
    await writer.ready();
  }
  await writer.close();
}

// Writes until SIGTERM or Ctrl-C, then seals everything. Archives that the store does not take
// within five seconds are shipped by the next start.
import { mkdir } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

import { createArchiveWriter } from 'shoebox-archive';

const directory = process.argv[2] ?? 'archive';
const to = process.argv[3] ?? 'archive/store';
await mkdir(directory, { recursive: true });

const writer = createArchiveWriter({ directory, ship: { to } });
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => stop.abort());

for (let tick = 0; !stop.signal.aborted; tick++) {
  await writer.append({ metadata: { kind: 'tick' }, payload: { tick } }).synced;
  if (tick === 0) console.log('the first tick is on the disk');
  await setTimeout(20, undefined, { signal: stop.signal }).catch(() => {});
}

const { shipped, left } = await writer.close({ deadlineMs: 5000 });
console.log(`stopped: ${shipped} archives shipped, ${left.length} left for the next start`);

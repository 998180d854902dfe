import { join } from 'node:path';

import {
  archiveFrom,
  createArchiveWriter,
  type RecordSource,
  rollByAge,
  rollBySize,
  rollWhenAny,
} from '../../lib/index.js';

/**
 * Archives sources until this process is killed or gets SIGTERM. Sends how many records it has
 * taken, what is lost, and why it failed.
 */
export async function archiveUntilEnded(
  sources: readonly RecordSource[],
  [spool = '', store = '', ack = '']: readonly string[],
): Promise<void> {
  const ending = new AbortController();
  process.on('SIGTERM', () => ending.abort());
  process.on('disconnect', () => process.exit());
  for (const source of sources) source.on('lost', (lost) => process.send?.({ lost }));
  setInterval(() => {
    process.send?.({ records: sources.reduce((sum, source) => sum + source.stats().records, 0) });
  }, 50).unref();
  const archive = async (source: RecordSource) =>
    await archiveFrom(
      source,
      (series) =>
        createArchiveWriter({
          directory: join(spool, series.path),
          ...series.options,
          roll: rollWhenAny(rollBySize('64 KiB'), rollByAge(200)),
          ship: { to: store, key: `${series.path}/[[NAME]]` },
        }),
      { ack: ack === 'shipped' ? 'shipped' : 'synced', signal: ending.signal },
    );
  try {
    await Promise.all(sources.map(archive));
    process.exit(0);
  } catch (error) {
    process.send?.({ error: String(error) });
    process.exitCode = 1;
    setTimeout(() => process.exit(1), 100);
  }
}

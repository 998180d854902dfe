// Archives streams, until it is killed or gets SIGTERM. Arguments: the server, the streams, the
// spool, the store, `synced` or `shipped`. Sends how many records it has taken.
import { join } from 'node:path';

import { connect } from '@nats-io/transport-node';

import { createArchiveWriter, rollByAge, rollBySize, rollWhenAny } from '../../lib/index.js';
import { archiveFrom, createNatsSource } from '../../lib/sources/nats.js';

const [server = '', streams = '', spool = '', store = '', ack = ''] = process.argv.slice(2);
const connection = await connect({
  ...{ servers: server, maxReconnectAttempts: -1, reconnectTimeWait: 50 },
  waitOnFirstConnect: true,
});
const ending = new AbortController();
process.on('SIGTERM', () => ending.abort());
process.on('disconnect', () => process.exit());
const sources = streams
  .split(',')
  .map((stream) => createNatsSource({ connection, stream, consumer: 'archive' }));
for (const source of sources) source.on('lost', (lost) => process.send?.({ lost }));
setInterval(() => {
  process.send?.({ records: sources.reduce((sum, source) => sum + source.stats().records, 0) });
}, 50).unref();
try {
  await Promise.all(
    sources.map((source) =>
      archiveFrom(
        source,
        (series) =>
          createArchiveWriter({
            directory: join(spool, series.path),
            ...series.options,
            roll: rollWhenAny(rollBySize('64 KiB'), rollByAge(200)),
            ship: { to: store, key: `${series.path}/[[NAME]]` },
          }),
        { ack: ack === 'shipped' ? 'shipped' : 'synced', signal: ending.signal },
      ),
    ),
  );
  process.exit(0);
} catch (error) {
  process.send?.({ error: String(error) });
  process.exitCode = 1;
  setTimeout(() => process.exit(1), 100);
}

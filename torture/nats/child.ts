// Archives streams. Arguments: the server, the streams, the spool, the store, `synced` or `shipped`.
import { connect } from '@nats-io/transport-node';

import { createNatsSource } from '../../lib/sources/nats.js';
import { archiveUntilEnded } from '../brokers/archive-until-ended.js';

const [server = '', streams = '', ...places] = process.argv.slice(2);
const connection = await connect({
  ...{ servers: server, maxReconnectAttempts: -1, reconnectTimeWait: 50 },
  waitOnFirstConnect: true,
});
const sources = streams
  .split(',')
  .map((stream) => createNatsSource({ connection, stream, consumer: 'archive' }));
await archiveUntilEnded(sources, places);

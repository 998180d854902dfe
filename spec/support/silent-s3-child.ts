// Ships one record to a service that answers no more from a given method on, and closes with a
// deadline of a second. Prints how long `close` took, and its result. Arguments: the directory, the
// method, and whether the writer or the user opens the store.
import { createServer } from 'node:http';

import { createArchiveWriter, openStore } from '../../lib/index.js';

const [directory = '', method = '', owner = ''] = process.argv.slice(2);
const server = createServer((request, response) => {
  if (method === 'any' || request.method === method) return;
  request.resume();
  // The bucket exists, and is empty.
  const isObject = request.method === 'HEAD' && request.url?.includes('.events');
  response.writeHead(isObject ? 404 : 200, { 'content-type': 'application/xml' });
  response.end(
    request.url?.includes('uploads')
      ? '<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>'
      : '',
  );
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
// The service runs in this process, and must not keep it alive.
server.unref();
server.on('connection', (socket) => socket.unref());
const address = server.address();
const port = typeof address === 'object' && address !== null ? address.port : 0;
const s3 = {
  endpoint: `http://127.0.0.1:${port}`,
  region: 'us-east-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
};
const to = 's3://silent/prefix';
const ship = owner === 'the user' ? { to: openStore(to, { s3 }) } : { to, s3 };
const writer = createArchiveWriter({ directory, ship });
writer.write('x');
const start = performance.now();
const { left, reason } = await writer.close({ deadlineMs: 1000 });
const ms = Math.round(performance.now() - start);
console.log(JSON.stringify({ ms, left: left.length, reason: reason?.message }));

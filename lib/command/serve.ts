import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { defineCommand } from './command-definition.js';
import { byteCount, duration } from './options/amounts.js';
import { asText, oneOf, option, optionWithDefault } from './options/option.js';
import { JSON_OPTION } from './options/shared-options.js';
import { UsageError } from './options/usage-error.js';
import { openWriter, WRITER_OPTIONS } from './options/writer-options.js';
import { closeWriter } from './output/close-writer.js';
import { prometheusText } from './output/prometheus.js';
import { showRecordStatus } from './record/record-status.js';
import { WriterGroup } from './record/writer-group.js';
import { parseListenAddress } from './serve/listen-address.js';
import { createRequestHandler } from './serve/request-handler.js';

/** How often Node looks for requests that take too long. */
const TIMEOUT_CHECK_MS = 1000;

/** Archives what is posted over HTTP. */
export const serve = defineCommand({
  name: 'serve',
  args: '<dir>',
  summary: 'archive what is posted over HTTP',
  options: {
    listen: optionWithDefault(
      '--listen <host:port>',
      'where to listen',
      '127.0.0.1:8080',
      parseListenAddress,
    ),
    ack: optionWithDefault(
      '--ack <level>',
      'answer once the record is written, synced or shipped',
      'synced',
      oneOf('written', 'synced', 'shipped'),
    ),
    maxBody: optionWithDefault('--max-body <size>', 'the largest record', '1MiB', byteCount),
    maxBatch: optionWithDefault('--max-batch <size>', 'the largest batch', '64MiB', byteCount),
    requestTimeout: optionWithDefault(
      '--request-timeout <duration>',
      'how long a request may take to arrive',
      '30s',
      duration,
    ),
    tokenFile: option('--token-file <file>', 'the bearer token; or SHOEBOX_TOKEN', asText),
    tlsCert: option('--tls-cert <file>', 'serve HTTPS with this certificate (PEM)', asText),
    tlsKey: option('--tls-key <file>', 'the key of the certificate (PEM)', asText),
    ...WRITER_OPTIONS,
    ...JSON_OPTION,
  },
  examples: [
    'shoebox serve archive --to s3://bucket/events',
    "curl -d '{\"user\":7}' 'http://127.0.0.1:8080/?event=login'",
  ],
  async run({ args: [directory = ''], options, signal, terminal }) {
    const { ack, deadline, listen, tlsCert, tlsKey, to } = options;
    if (ack === 'shipped' && to === undefined) throw new UsageError('--ack shipped goes with --to');
    const token = await readToken(options.tokenFile, terminal.host.env.SHOEBOX_TOKEN);
    if (!listen.isLoopback && token === undefined) {
      throw new UsageError(
        `--listen ${listen.host} is reachable from elsewhere: give a token ` +
          'with --token-file or SHOEBOX_TOKEN',
      );
    }
    const tls = await readTls(tlsCert, tlsKey);
    const writer = await openWriter(directory, options);
    const handle = createRequestHandler({
      ...{ writer, ack, token },
      mostBodyBytes: options.maxBody,
      mostBatchBytes: options.maxBatch,
      metrics: () => prometheusText(writer.stats()),
    });
    const server = createServer(tls, options.requestTimeout, (request, response) => {
      void handle(request, response);
    });
    server.listen(listen.port, listen.host);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const scheme = tls === undefined ? 'http' : 'https';
    const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
    terminal.note(`listening on ${scheme}://${host}:${port}`);
    const writers = new WriterGroup();
    writers.add(writer);
    const status = showRecordStatus(writers, terminal, { isJson: options.json });
    const failed = once(writer, 'error').then(([error]) => Promise.reject(error));
    await Promise.race([aborted(signal), failed]);
    status.stop();
    server.close();
    const code = await closeWriter(writer, deadline, terminal);
    // Answers were sent as records became safe; a body that never ends must not keep the process.
    server.closeAllConnections();
    if (options.json) {
      const { left, records, sealed, sealedBytes, shipped } = writer.stats();
      const counts = { records, sealed, sealedBytes, shipped, left };
      await terminal.printJson({ type: 'summary', ...counts });
    }
    return code;
  },
});

function createServer(
  tls: { cert: Buffer; key: Buffer } | undefined,
  requestTimeout: number,
  listener: RequestListener,
): Server {
  const options = {
    requestTimeout,
    headersTimeout: requestTimeout,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
  };
  return tls === undefined
    ? createHttpServer(options, listener)
    : createHttpsServer({ ...options, ...tls }, listener);
}

async function readToken(
  file: string | undefined,
  variable: string | undefined,
): Promise<string | undefined> {
  const token = file === undefined ? variable : await readFile(file, 'utf8');
  const trimmed = token?.trim();
  if (file !== undefined && trimmed === '') throw new UsageError(`the token file ${file} is empty`);
  return trimmed === '' ? undefined : trimmed;
}

async function readTls(cert: string | undefined, key: string | undefined) {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new UsageError('--tls-cert and --tls-key go together');
  }
  return { cert: await readFile(cert), key: await readFile(key) };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

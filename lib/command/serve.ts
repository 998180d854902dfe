import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';

import { defineCommand } from './command-definition.js';
import { byteCount, duration } from './options/amounts.js';
import { LOG_OPTIONS } from './options/log-options.js';
import { asText, oneOf, option, optionWithDefault } from './options/option.js';
import { JSON_OPTION } from './options/shared-options.js';
import { systemCodeOf } from './options/system-code.js';
import { UsageError } from './options/usage-error.js';
import {
  type AnyWriter,
  openAnyWriter,
  PARTITION_OPTION,
  WRITER_OPTIONS,
} from './options/writer-options.js';
import { checkWritable } from './output/check-directory.js';
import { closeWriter } from './output/close-writer.js';
import { prometheusText } from './output/prometheus.js';
import { startLog } from './output/start-log.js';
import type { Terminal } from './output/terminal.js';
import { showRecordStatus } from './record/record-status.js';
import { WriterGroup } from './record/writer-group.js';
import { Acknowledger } from './serve/acknowledger.js';
import { BodyMemory } from './serve/body-memory.js';
import { listen } from './serve/listen.js';
import { parseListenAddress } from './serve/listen-address.js';
import { logResponse } from './serve/log-response.js';
import { createRequestHandler } from './serve/request-handler.js';
import { ResponseCounts } from './serve/response-counts.js';
import { VERSION } from './version.js';

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
    ackTimeout: optionWithDefault(
      '--ack-timeout <duration>',
      'answer 503 if the record is not that safe after so long',
      '30s',
      duration,
    ),
    maxBody: optionWithDefault('--max-body <size>', 'the largest record', '1MiB', byteCount),
    maxBatch: optionWithDefault('--max-batch <size>', 'the largest batch', '64MiB', byteCount),
    maxBacklog: optionWithDefault(
      '--max-backlog <size>',
      'how many bytes may wait in memory for the disk; then the answer is 429',
      '64MiB',
      byteCount,
    ),
    requestTimeout: optionWithDefault(
      '--request-timeout <duration>',
      'how long a request may take to arrive',
      '30s',
      duration,
    ),
    tokenFile: option('--token-file <file>', 'the bearer token; or SHOEBOX_TOKEN', asText),
    tlsCert: option('--tls-cert <file>', 'serve HTTPS with this certificate (PEM)', asText),
    tlsKey: option('--tls-key <file>', 'the key of the certificate (PEM)', asText),
    ...PARTITION_OPTION,
    ...WRITER_OPTIONS,
    ...LOG_OPTIONS,
    ...JSON_OPTION,
  },
  examples: [
    'shoebox serve archive --to s3://bucket/events',
    "curl -d '{\"user\":7}' 'http://127.0.0.1:8080/?event=login'",
  ],
  async run({ args: [directory = ''], options, signal, terminal }) {
    const { ack, deadline, listen: address, tlsCert, tlsKey, to } = options;
    if (ack === 'shipped' && to === undefined) throw new UsageError('--ack shipped goes with --to');
    const token = await readToken(options.tokenFile, terminal.host.env.SHOEBOX_TOKEN);
    if (!address.isLoopback && token === undefined) {
      throw new UsageError(
        `--listen ${address.host} is reachable from elsewhere: give a token ` +
          'with --token-file or SHOEBOX_TOKEN',
      );
    }
    const tls = await readTls(tlsCert, tlsKey);
    await startLog(terminal, options);
    const { maxBacklog, maxBatch, maxBody } = options;
    // The writer would say so when clients have come already.
    await checkWritable(directory, options);
    const writer = await openAnyWriter(directory, options, { maxPendingBytes: maxBacklog });
    const failed = once(writer, 'error').then(([error]) => Promise.reject(error));
    // Awaited below.
    failed.catch(() => undefined);
    const writers = new WriterGroup(terminal);
    writers.add(writer);
    const counts = new ResponseCounts();
    const handle = createRequestHandler({
      ...{ writer, token, mostBodyBytes: maxBody, mostBatchBytes: maxBatch },
      acknowledger: new Acknowledger(writer, ack, options.ackTimeout),
      // One body always has room.
      memory: new BodyMemory(Math.max(maxBacklog, maxBody)),
      metrics: () => prometheusText(writer.stats(), { responses: counts.byCode, version: VERSION }),
    });
    const server = await listen(
      { address, tls, requestTimeoutMs: options.requestTimeout },
      (request, response) => {
        counts.watch(response);
        logResponse(request, response, terminal);
        void handle(request, response);
      },
    ).catch(async (error: unknown) => {
      await writer.close({ deadlineMs: deadline });
      throw error;
    });
    terminal.note(`listening on ${server.url}`, { event: 'listening', url: server.url });
    const status = showRecordStatus(writers, terminal, options);
    try {
      await Promise.race([aborted(signal), failed]);
      status.stop();
      server.stop();
      return await closeWriter(writer, deadline, terminal);
    } finally {
      status.stop();
      server.stop();
      await server.end();
      if (options.json) await printSummary(writer, terminal);
    }
  },
});

async function printSummary(writer: AnyWriter, terminal: Terminal): Promise<void> {
  const { left, records, sealed, sealedBytes, shipped } = writer.stats();
  const counts = { records, sealed, sealedBytes, shipped, left };
  await terminal.printJson({ type: 'summary', ...counts });
}

async function readToken(
  file: string | undefined,
  variable: string | undefined,
): Promise<string | undefined> {
  const token = file === undefined ? variable : await readOf('--token-file', file);
  const trimmed = token?.toString().trim();
  if (file !== undefined && trimmed === '') throw new UsageError(`the token file ${file} is empty`);
  return trimmed === '' ? undefined : trimmed;
}

async function readTls(cert: string | undefined, key: string | undefined) {
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw new UsageError('--tls-cert and --tls-key go together');
  }
  const tls = { cert: await readOf('--tls-cert', cert), key: await readOf('--tls-key', key) };
  try {
    createSecureContext(tls);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${cert} and ${key} are no certificate and its key in PEM: ${reason}`);
  }
  return tls;
}

async function readOf(option: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    const code = systemCodeOf(error) ?? 'unreadable';
    throw new UsageError(`${option} ${path} cannot be read: ${code}`);
  }
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

import type { ArchiveReader } from '../index.js';
import { defineCommand } from './command-definition.js';
import { openReader } from './output/open-reader.js';
import { countOf, formatBytes } from './output/quantities.js';
import type { Terminal } from './output/terminal.js';
import { parseTarget } from './replay/open-target.js';
import { checkReplayOptions, REPLAY_OPTIONS, type ReplayValues } from './replay/replay-options.js';
import { showReplayStatus } from './replay/replay-status.js';
import { sendRecords } from './replay/send-records.js';

/** Sends records to a broker or a service. */
export const replay = defineCommand({
  name: 'replay',
  args: '<pattern...>',
  summary: 'send records to Kafka, NATS, RabbitMQ or over HTTP',
  options: REPLAY_OPTIONS,
  examples: [
    'shoebox replay archive --to kafka://127.0.0.1:9092/events --since -1h --speed 10',
    'shoebox replay s3://bucket/events --to http://127.0.0.1:8080/records --speed max --cursor-file position',
  ],
  async run({ args, options, signal, terminal }) {
    checkReplayOptions(options);
    const target = parseTarget(options, terminal.host.env);
    // At the pace of their times, records of several writers must come in the order of these.
    const reader = await openReader(args, options, terminal, { order: 'merged' });
    if (options.dryRun) return await countRecords(reader, target.shown, options, terminal);
    const { destination, close } = await target.open();
    const status = showReplayStatus(destination, terminal, { isJson: options.json });
    try {
      const { deadline: deadlineMs, maxPause, speed } = options;
      await sendRecords(reader, destination, { deadlineMs, maxPause, signal, speed });
    } finally {
      status.stop();
      await close();
      const { bytes, records, retries } = destination.stats();
      const { cursor } = destination;
      if (options.json) {
        await terminal.printJson({
          type: 'summary',
          to: target.shown,
          records,
          bytes,
          retries,
          cursor,
        });
      }
      terminal.note(`${countOf(records, 'record')} confirmed, ${formatBytes(bytes)}`);
    }
    signal.throwIfAborted();
    return 0;
  },
});

async function countRecords(
  reader: ArchiveReader,
  to: string,
  { json }: ReplayValues,
  terminal: Terminal,
): Promise<number> {
  let [records, bytes] = [0, 0];
  for await (const batch of reader.batches()) {
    records += batch.length;
    for (const { payload } of batch) bytes += payload.length;
    terminal.showStatus(`${countOf(records, 'record')} counted`);
  }
  terminal.clearStatus();
  if (json) await terminal.printJson({ type: 'summary', to, records, bytes, dryRun: true });
  else await terminal.printLine(`would send ${countOf(records, 'record')} to ${to}`);
  return 0;
}

// Programs as users write them, which must compile with `tsc --strict`. Nothing here runs.

import { once as nodeOnce } from 'node:events';
import { Readable, type Transform, Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';

import {
  type ArchiveReader,
  type ArchiveRecord,
  type ArchiveWriter,
  type ArchiveWriterEvents,
  createArchiveReader,
  createArchiveWriter,
  Decoder,
  Encoder,
  exportParquet,
  fromJsonLines,
  ignoreClosedPipe,
  once,
  type RecordInput,
  type RollingReadStream,
  type RollingWriteStream,
  replay,
  S3Store,
  type SealedArchive,
  type SequenceGap,
  toCsv,
  toJsonLines,
  toParquet,
} from 'shoebox-archive';

/** Compiles only if both types are the same, and neither is `any`. */
function isExactly<Expected>() {
  return <Found>(
    _found: Found,
    ..._same: [Found, Expected] extends [Expected, Found]
      ? 0 extends 1 & Found
        ? ['found any']
        : []
      : ['found another type']
  ): void => undefined;
}

interface Login {
  user: number;
  from?: string;
}

class Order {
  readonly id = 1;
  readonly lines = [] as { item: string }[];
  total(): number {
    return this.lines.length;
  }
}

export async function reading(reader: ArchiveReader): Promise<void> {
  for await (const record of reader) isExactly<ArchiveRecord>()(record);
  reader.on('data', (record) => isExactly<ArchiveRecord>()(record));
  isExactly<ArchiveRecord[]>()(await reader.toArray());
  isExactly<ArchiveRecord[]>()(
    await reader.filter((record) => record.payload.length > 1).toArray(),
  );
  isExactly<string[]>()(await reader.map((record) => record.text()).toArray());
  isExactly<string[]>()(await reader.map(async (record) => record.text()).toArray());
  isExactly<string[]>()(await reader.flatMap((record) => record.text().split('\n')).toArray());
  isExactly<ArchiveRecord | undefined>()(await reader.find((record) => record.sequence === 1));
  isExactly<boolean>()(await reader.some((record) => record.sequence === 1));
  isExactly<boolean>()(await reader.every(async (record) => record.sequence === 1));
  isExactly<number>()(await reader.reduce((sum, record) => sum + record.payload.length, 0));
  await reader.forEach((record) => {
    isExactly<ArchiveRecord>()(record);
  });
  for await (const record of reader.take(1).drop(1)) isExactly<ArchiveRecord>()(record);
  for await (const records of reader.batches()) isExactly<ArchiveRecord[]>()(records);
  for await (const record of reader.iterator()) isExactly<ArchiveRecord>()(record);
  reader
    .on('gap', (gap) => isExactly<SequenceGap>()(gap))
    .addListener('data', (record) => isExactly<ArchiveRecord>()(record))
    .prependListener('error', (error) => isExactly<Error>()(error))
    .once('end', () => undefined)
    .pipe(new Writable({ objectMode: true }));
}

export async function asStreams(reader: ArchiveReader, writer: ArchiveWriter): Promise<void> {
  const readable: Readable = reader;
  const readableStream: NodeJS.ReadableStream = reader;
  const writable: Writable = writer;
  const emitter: NodeJS.EventEmitter = writer;
  await finished(reader);
  await finished(writer);
  await pipeline(reader, toJsonLines({ lossless: true }), process.stdout);
  await pipeline(readable, new Encoder(), process.stdout);
  await pipeline(readableStream, writable);
  await pipeline(reader, writer);
  await pipeline(
    reader,
    async function* (records: AsyncIterable<ArchiveRecord>) {
      for await (const record of records) yield record.text();
    },
    writer,
  );
  await nodeOnce(emitter, 'sealed');
  await nodeOnce(reader, 'end');
  for await (const record of Readable.toWeb(reader)) record satisfies ArchiveRecord;
  const texts = reader.compose(async function* (records) {
    for await (const record of records) yield isExactly<ArchiveRecord>()(record) ?? record.text();
  });
  isExactly<string[]>()(await texts.toArray());
  isExactly<Transform>()(reader.compose(toJsonLines()));
  for await (const record of reader.pipe(replay({ speed: 2 }))) isExactly<ArchiveRecord>()(record);
  await pipeline(reader, toParquet(), process.stdout).catch(ignoreClosedPipe);
  const stream: RollingWriteStream = writer;
  const source: RollingReadStream = createArchiveReader('archive');
  reader.pipe(stream);
  source.pipe(writer);
}

export async function lines(bytes: Readable, writer: ArchiveWriter): Promise<void> {
  const parser = fromJsonLines({ metadata: { event: '.type' }, time: '.ts', invalid: 'skip' });
  parser.on('invalid', ({ line, reason }) => {
    isExactly<number>()(line);
    isExactly<string>()(reason.field);
  });
  await pipeline(bytes, parser, writer);
  isExactly<number>()(parser.stats().skipped);
  const lossless = bytes.pipe(fromJsonLines({ lossless: true }));
  for await (const record of lossless) isExactly<ArchiveRecord>()(record);
  const columns = ['time', 'payload.user.id'];
  await pipeline(lossless, toCsv({ columns }), process.stdout);
  await exportParquet(lossless, { directory: 'table', partition: 'hour' });
}

export async function decoding(bytes: Readable): Promise<void> {
  const decoder = new Decoder();
  const transform: Transform = decoder;
  decoder.on('data', (record) => isExactly<ArchiveRecord>()(record)).on('drain', () => undefined);
  for await (const record of bytes.pipe(decoder)) isExactly<ArchiveRecord>()(record);
  isExactly<number[]>()(await decoder.map((record) => record.payload.length).toArray());
  await pipeline(bytes, decoder, toJsonLines(), process.stdout);
  await pipeline(bytes, transform, process.stdout);
  await finished(decoder);
}

export async function events(writer: ArchiveWriter): Promise<void> {
  writer
    .on('sealed', (archive) => isExactly<SealedArchive>()(archive))
    .once('shipped', ({ key }) => isExactly<string>()(key))
    .addListener('failed', ({ error }) => isExactly<unknown>()(error))
    .prependListener('sealed', (archive) => isExactly<SealedArchive>()(archive))
    .prependOnceListener('drain', () => undefined)
    .off('drained', () => undefined)
    .removeListener('finish', () => undefined)
    .end();
  const [archive] = await once(writer, 'sealed');
  isExactly<SealedArchive>()(archive);
  const [record] = await once(createArchiveReader('archive'), 'data');
  isExactly<ArchiveRecord>()(record);
  const listener = (...[skipped]: ArchiveWriterEvents['invalid']) => skipped.reason.field;
  writer.on('invalid', listener);
}

export function payloads(writer: ArchiveWriter, login: Login, order: Order): void {
  const inputs: RecordInput[] = [
    'text',
    Buffer.from('bytes'),
    { payload: login },
    { payload: order },
    { payload: [login, order] },
    { payload: { login, at: new Date(), tags: ['a'], none: undefined } },
    { payload: 1, time: new Date() },
    { payload: null, time: '2026-11-30T05:41:38.123456Z' },
    { payload: true, time: 1, metadata: { kind: 'login' } },
    { payload: '', metadata: new Map([['kind', 'login']]) },
  ];
  for (const input of inputs) writer.write(input);
  writer.append({ payload: login });
  writer.end({ payload: order });
}

export function options(): void {
  const keys = { accessKeyId: 'id', secretAccessKey: 'key' };
  new S3Store('s3://bucket', { credentials: keys });
  new S3Store('s3://bucket', { credentials: async () => ({ ...keys, expiration: new Date() }) });
  const undefinedOptions = { sync: undefined, ship: undefined, roll: undefined, mode: undefined };
  createArchiveWriter({ directory: 'archive', ...undefinedOptions });
  const writer = createArchiveWriter({ directory: 'archive', ship: { to: 's3://bucket' } });
  createArchiveReader(writer.patterns, { where: (record) => record.sequence === 1 });
}

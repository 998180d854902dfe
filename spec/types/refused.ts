// Mistakes that must not compile. Nothing here runs. A line that does compile is an error, because
// the directive before it is then unused.

import {
  type ArchiveReader,
  type ArchiveWriter,
  createArchiveReader,
  createArchiveWriter,
  Decoder,
  once,
  S3Store,
  toJsonLines,
} from 'shoebox-archive';

export async function reading(reader: ArchiveReader): Promise<void> {
  // @ts-expect-error a record has no such field
  for await (const record of reader) record.playload;
  // @ts-expect-error
  reader.on('data', (record) => record.playload);
  // @ts-expect-error
  reader.filter((record) => record.playload);
  // @ts-expect-error
  reader.map((record) => record.playload);
  // @ts-expect-error
  (await reader.toArray())[0]?.playload;
  // @ts-expect-error a text has no such field
  reader.map((record) => record.text()).map((text) => text.playload);
  // @ts-expect-error a sequence may be undefined
  reader.filter((record) => record.sequence % 10 === 0);
}

export async function events(reader: ArchiveReader, writer: ArchiveWriter): Promise<void> {
  // @ts-expect-error
  writer.on('seald', () => undefined);
  // @ts-expect-error
  writer.once('seald', () => undefined);
  // @ts-expect-error
  writer.off('seald', () => undefined);
  // @ts-expect-error
  writer.addListener('seald', () => undefined);
  // @ts-expect-error
  writer.removeListener('seald', () => undefined);
  // @ts-expect-error
  writer.prependListener('seald', () => undefined);
  // @ts-expect-error
  writer.prependOnceListener('seald', () => undefined);
  // @ts-expect-error
  await once(writer, 'seald');
  // @ts-expect-error
  reader.on('damaged', () => undefined);
  // @ts-expect-error a writer's event
  reader.on('sealed', () => undefined);
  // @ts-expect-error an archive has no such field
  writer.on('sealed', (archive) => archive.playload);
  const [archive] = await once(writer, 'sealed');
  // @ts-expect-error
  archive.playload;
}

export async function payloads(writer: ArchiveWriter): Promise<void> {
  // @ts-expect-error
  writer.write({ payload: undefined });
  // @ts-expect-error
  writer.write({ payload: 1n });
  // @ts-expect-error
  writer.write({ payload: Symbol('s') });
  // @ts-expect-error
  writer.write({ payload: () => 1 });
  // @ts-expect-error a forgotten `await`
  writer.write({ payload: Promise.resolve({ user: 1 }) });
  // @ts-expect-error
  writer.write({ metadata: { kind: 'login' } });
  // @ts-expect-error
  writer.write({ payload: '', metadata: { kind: 1 } });
  // @ts-expect-error
  writer.write({ payload: '', meta: { kind: 'login' } });
  // @ts-expect-error
  writer.append({ payload: '', time: true });
  // @ts-expect-error
  writer.write(5);
}

export async function options(writer: ArchiveWriter): Promise<void> {
  // @ts-expect-error
  createArchiveWriter({ directory: 'archive', sycn: 'always' });
  // @ts-expect-error
  createArchiveWriter({ directory: 'archive', s3: {} });
  // @ts-expect-error
  createArchiveWriter({ directory: 'archive', ship: { to: 'x', maxSpolBytes: 1 } });
  // @ts-expect-error
  createArchiveReader('archive', { form: 0 });
  // @ts-expect-error
  await writer.flush({ until: 'ship' });
  // @ts-expect-error
  await writer.close({ deadline: 1 });
  // @ts-expect-error
  new Decoder({ whenDamaged: 'ignore' });
  // @ts-expect-error
  new S3Store('s3://bucket', { credentials: 'key' });
  // @ts-expect-error
  toJsonLines({ loseless: true });
}

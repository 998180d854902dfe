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
  // @ts-expect-error a record has no such field
  reader.on('data', (record) => record.playload);
  // @ts-expect-error a record has no such field
  reader.filter((record) => record.playload);
  // @ts-expect-error a record has no such field
  reader.map((record) => record.playload);
  // @ts-expect-error a record has no such field
  (await reader.toArray())[0]?.playload;
  // @ts-expect-error a text has no such field
  reader.map((record) => record.text()).map((text) => text.playload);
  // @ts-expect-error a sequence may be undefined
  reader.filter((record) => record.sequence % 10 === 0);
}

export async function events(reader: ArchiveReader, writer: ArchiveWriter): Promise<void> {
  // @ts-expect-error no such event
  writer.on('seald', () => undefined);
  // @ts-expect-error no such event
  writer.once('seald', () => undefined);
  // @ts-expect-error no such event
  writer.off('seald', () => undefined);
  // @ts-expect-error no such event
  writer.addListener('seald', () => undefined);
  // @ts-expect-error no such event
  writer.removeListener('seald', () => undefined);
  // @ts-expect-error no such event
  writer.prependListener('seald', () => undefined);
  // @ts-expect-error no such event
  writer.prependOnceListener('seald', () => undefined);
  // @ts-expect-error no such event
  writer.removeAllListeners('seald');
  // @ts-expect-error no such event
  reader.listenerCount('gapp');
  // @ts-expect-error no such event
  await once(writer, 'seald');
  // @ts-expect-error no such event
  reader.on('damaged', () => undefined);
  // @ts-expect-error a writer's event
  reader.on('sealed', () => undefined);
  // @ts-expect-error an archive has no such field
  writer.on('sealed', (archive) => archive.playload);
  const [archive] = await once(writer, 'sealed');
  // @ts-expect-error a record has no such field
  archive.playload;
}

export async function payloads(writer: ArchiveWriter): Promise<void> {
  // @ts-expect-error JSON has no such value
  writer.write({ payload: undefined });
  // @ts-expect-error JSON has no such value
  writer.write({ payload: 1n });
  // @ts-expect-error JSON has no such value
  writer.write({ payload: Symbol('s') });
  // @ts-expect-error JSON has no such value
  writer.write({ payload: () => 1 });
  // @ts-expect-error a forgotten `await`
  writer.write({ payload: Promise.resolve({ user: 1 }) });
  // @ts-expect-error a record has no such field or value
  writer.write({ metadata: { kind: 'login' } });
  // @ts-expect-error a record has no such field or value
  writer.write({ payload: '', metadata: { kind: 1 } });
  // @ts-expect-error a record has no such field or value
  writer.write({ payload: '', meta: { kind: 'login' } });
  // @ts-expect-error a record has no such field or value
  writer.append({ payload: '', time: true });
  // @ts-expect-error a record has no such field or value
  writer.write(5);
}

export async function options(writer: ArchiveWriter): Promise<void> {
  // @ts-expect-error no such option or value
  createArchiveWriter({ directory: 'archive', sycn: 'always' });
  // @ts-expect-error no such option or value
  createArchiveWriter({ directory: 'archive', s3: {} });
  // @ts-expect-error no such option or value
  createArchiveWriter({ directory: 'archive', ship: { to: 'x', maxSpolBytes: 1 } });
  // @ts-expect-error no such option or value
  createArchiveReader('archive', { form: 0 });
  // @ts-expect-error no such option or value
  await writer.flush({ until: 'ship' });
  // @ts-expect-error no such option or value
  await writer.close({ deadline: 1 });
  // @ts-expect-error no such option or value
  new Decoder({ whenDamaged: 'ignore' });
  // @ts-expect-error no such option or value
  new S3Store('s3://bucket', { credentials: 'key' });
  // @ts-expect-error no such option or value
  toJsonLines({ loseless: true });
}

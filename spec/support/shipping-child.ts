// Writes three archives and ships them up to a given point. There it sends its parent a message and
// waits to be killed. Arguments: the directory, the store, the point, the bytes of the first
// archive.
import { createHash, randomBytes } from 'node:crypto';

import {
  createArchiveWriter,
  type FileLayer,
  nodeFileLayer,
  openStore,
  rollByCount,
  type Store,
} from '../../lib/index.js';
import { KILL_TEMPLATE, type KillPoint } from './kill-points.js';
import { withFile } from './with-file.js';

const [directory = '', to = '', point = '', archiveBytes = ''] = process.argv.slice(2);
/** The bytes of the first archive, which are random and do not compress. */
const ARCHIVE_BYTES = Number(archiveBytes);
const inner = openStore(to, { s3: { partBytes: '5 MiB' } });

/** Stops the process for good when `point` is the chosen one. */
async function pass(here: KillPoint): Promise<void> {
  if (here !== point) return;
  process.send?.('stopped');
  await new Promise(() => {});
}

const store: Store = {
  name: inner.name,
  async put(key, body, options = {}) {
    const result = await inner.put(key, body, {
      ...options,
      async onUploadCreated(uploadId) {
        await pass('upload created');
        await options.onUploadCreated?.(uploadId);
        await pass('upload noted');
      },
    });
    await pass('stored');
    return result;
  },
  async head(key) {
    await pass('sealed');
    return inner.head(key);
  },
  get: (key, range) => inner.get(key, range),
  list: (prefix) => inner.list(prefix),
  delete: (key) => inner.delete(key),
  abortUpload: async (key, uploadId) => inner.abortUpload?.(key, uploadId),
  refusesTaken: async () => (await inner.refusesTaken?.()) ?? false,
  close: () => inner.close(),
};

const reading = withFile((file) => ({
  async read(bytes, offset, length, position) {
    if (position > ARCHIVE_BYTES - 2 ** 20) await pass('amid the parts');
    return file.read(bytes, offset, length, position);
  },
}));

const files: FileLayer = {
  ...reading,
  // Not the writer, which reads back what it has just written.
  open: (path, mode) => (mode === 'r' ? reading : nodeFileLayer).open(path, mode),
  async unlink(path) {
    if (path.endsWith('.events')) await pass('verified');
    if (path.endsWith('.journal')) await pass('file deleted');
    await nodeFileLayer.unlink(path);
  },
};

const writer = createArchiveWriter({
  directory,
  template: KILL_TEMPLATE,
  roll: rollByCount(1),
  files,
  ship: { to: store },
});
for (let n = 0; n < 3; n++) {
  const payload = randomBytes(n === 0 ? ARCHIVE_BYTES : 1000);
  const sha256 = createHash('sha256').update(payload).digest('hex');
  writer.append({ metadata: { n: String(n), sha256 }, payload });
  await writer.ready();
}
await writer.flush({ until: 'sealed' });
process.send?.('sealed');

import { StoreError } from '../../errors/store-error.js';
import { askStore } from '../../stores/contract/ask-store.js';
import type { JournaledUpload } from '../journal/journal-entry.js';
import { listUploads, type StoreContext } from './list-uploads.js';

/**
 * Aborts an upload that a crash or a failure may have left unfinished.
 *
 * A crash may come after the store has begun an upload and before the journal holds its id. So
 * without an id this aborts every unfinished upload of exactly this key, unless another host may be
 * using the key.
 *
 * @param isKeyOwn whether no other archive can have the key
 */
export async function abortUnfinished(
  { key, uploadId }: JournaledUpload,
  isKeyOwn: boolean,
  context: StoreContext,
): Promise<void> {
  if (uploadId !== null) {
    await abort(key, uploadId, context);
    return;
  }
  if (!isKeyOwn) return;
  for await (const upload of listUploads(key, context)) {
    if (upload.key === key) await abort(key, upload.uploadId, context);
  }
}

/** The answers of services if the upload was completed or aborted before; Swift says NoSuchKey. */
const NOTHING_LEFT: ReadonlySet<string> = new Set(['NoSuchUpload', 'NoSuchKey']);

async function abort(
  key: string,
  uploadId: string,
  { signal, store }: StoreContext,
): Promise<void> {
  try {
    await askStore(async (options) => store.abortUpload?.(key, uploadId, options), signal);
  } catch (error) {
    if (!(error instanceof StoreError) || !NOTHING_LEFT.has(error.storeCode ?? '')) throw error;
  }
}

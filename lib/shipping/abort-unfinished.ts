import { StoreError } from '../errors/store-error.js';
import { askStore, listUploads, type StoreContext } from './ask-store.js';
import type { JournaledUpload } from './journal/journal-entry.js';

/**
 * Aborts an upload that a crash or a failure may have left unfinished.
 *
 * A crash may have come when the store had begun an upload, and its id was not in the journal yet. So without
 * an id every unfinished upload of the very key is aborted, unless another host may be at work under it.
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

/** What services answer where an upload was completed or aborted before; Swift speaks of the key then. */
const NOTHING_LEFT: ReadonlySet<string> = new Set(['NoSuchUpload', 'NoSuchKey']);

async function abort(
  key: string,
  uploadId: string,
  { signal, store }: StoreContext,
): Promise<void> {
  try {
    await askStore(async () => store.abortUpload?.(key, uploadId), signal);
  } catch (error) {
    if (!(error instanceof StoreError) || !NOTHING_LEFT.has(error.storeCode ?? '')) throw error;
  }
}

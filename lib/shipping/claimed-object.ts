import { headObject } from '../stores/contract/head-object.js';
import type { StoredObject } from '../stores/contract/store.js';
import type { JournaledObject } from './journal/journal-entry.js';
import type { StoreContext } from './uploads/list-uploads.js';

/**
 * The object that a journal claims to hold an archive, as the store describes it; null if there is
 * none, or one of another size. A journal proves nothing by itself.
 */
export async function findClaimed(
  { key, storedBytes }: JournaledObject,
  { signal, store }: StoreContext,
): Promise<StoredObject | null> {
  try {
    const found = await headObject(store, key, signal);
    return found?.bytes === storedBytes ? found : null;
  } catch (error) {
    // No key of this store.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

import { StoreError } from '../../errors/store-error.js';
import { askForEach } from '../../stores/contract/ask-store.js';
import type { Store, UnfinishedUpload } from '../../stores/contract/store.js';

/** A store, and the signal that ends all waiting for it. */
export interface StoreContext {
  readonly store: Store;
  readonly signal: AbortSignal;
}

/** Lists unfinished uploads whose keys begin with `prefix`; none if the store cannot list them. */
export async function* listUploads(
  prefix: string,
  { signal, store }: StoreContext,
): AsyncGenerator<UnfinishedUpload> {
  if (store.listUploads === undefined) return;
  try {
    yield* askForEach((options) => store.listUploads?.(prefix, options) ?? none(), signal);
  } catch (error) {
    if (!(error instanceof StoreError) || error.storeCode !== 'NotImplemented') throw error;
  }
}

async function* none(): AsyncGenerator<never> {}

import { type KeyObject, sign } from 'node:crypto';
import { join, posix } from 'node:path';
import { Readable } from 'node:stream';

import { ArchiveError } from '../../errors/archive-error.js';
import type { FileLayer } from '../../files/file-layer.js';
import {
  decodeManifest,
  encodeManifest,
  LONGEST_MANIFEST_BYTES,
  type Manifest,
  type ManifestObject,
  manifestFileName,
  parseManifestFileName,
  SUCCESS_NAME,
  sha256Of,
  signatureFileName,
} from '../../format/manifest.js';
import { askForEach, askStore } from '../../stores/contract/ask-store.js';
import { headObject } from '../../stores/contract/head-object.js';
import { receiveBytes } from '../../stores/contract/receive-bytes.js';
import type { Store } from '../../stores/contract/store.js';
import { KeptText } from './kept-text.js';

export interface ManifestChainOptions {
  readonly store: Store;
  /** The text that the folders of all partitions begin with. */
  readonly prefix: string;
  /** The archiver. */
  readonly name: string;
  readonly sign: KeyObject | undefined;
  readonly success: boolean;
  /** Where the state is kept, so that a crash does not cut the chain. */
  readonly directory: string;
  readonly files: FileLayer;
  readonly signal: AbortSignal;
}

/** A manifest that is in the store. */
export interface WrittenManifest extends Pick<Manifest, 'name' | 'number' | 'partition'> {
  readonly key: string;
  /** The SHA-256 of its file in hex: the head of the chain, until the next manifest. */
  readonly sha256: string;
  /** How many objects it lists. */
  readonly objects: number;
}

/** A manifest that is about to be put: after a crash exactly this one is put. */
interface Intent {
  readonly key: string;
  /** The manifest's file. */
  readonly text: string;
}

/** The newest manifest of an archiver, which the next one names. */
interface ChainState {
  /** Its SHA-256 in hex; null before the first manifest. */
  readonly head: string | null;
  readonly intent: Intent | null;
}

/** Puts an archiver's manifests into its store, one at a time, each with the digest of the one before. */
export class ManifestChain {
  readonly #options: ManifestChainOptions;
  readonly #state: KeptText;
  /** Undefined until it was looked up. */
  #head: string | null | undefined;

  constructor(options: ManifestChainOptions) {
    const { directory, files, name } = options;
    this.#options = options;
    this.#state = new KeptText(join(directory, `.manifest-${name}.chain`), files);
  }

  /**
   * Lists objects in the next manifest of a partition. Calls must not overlap.
   *
   * @throws StoreError, Node's error: the caller may try again; ArchiveError
   *   `ERR_MANIFEST_NAME_TAKEN` if another archiver has the same name
   */
  async write(partition: string, objects: readonly ManifestObject[]): Promise<WrittenManifest> {
    const { name } = this.#options;
    const previous = await this.#findHead();
    const numbers = await this.#numbersIn(partition);
    const number = 1 + numbers.reduce((last, one) => Math.max(last, one), 0);
    const bytes = encodeManifest({ name, number, partition, previous, objects });
    const key = `${partition}/${manifestFileName({ name, number })}`;
    await this.#keep({ head: previous, intent: { key, text: bytes.toString() } });
    await this.#put(key, bytes, number);
    const sha256 = sha256Of(bytes);
    await this.#keep({ head: sha256, intent: null });
    this.#head = sha256;
    return { name, number, partition, key, sha256, objects: objects.length };
  }

  /** The objects that the archiver's manifests of a partition list, by their names. */
  async listedIn(partition: string): Promise<ReadonlySet<string>> {
    const { name } = this.#options;
    await this.#findHead();
    const names = new Set<string>();
    for (const number of await this.#numbersIn(partition)) {
      const key = `${partition}/${manifestFileName({ name, number })}`;
      const manifest = decodeManifest((await this.#read(key)) ?? Buffer.alloc(0));
      if (typeof manifest === 'string') throw this.#taken(key, manifest);
      for (const object of manifest.objects) names.add(object.name);
    }
    return names;
  }

  async #findHead(): Promise<string | null> {
    if (this.#head !== undefined) return this.#head;
    const text = await this.#state.read();
    if (text === null) {
      this.#head = await this.#findHeadInStore();
      return this.#head;
    }
    // Our own file, in a directory that is trusted.
    const { head, intent } = JSON.parse(text) as ChainState;
    if (intent === null) {
      this.#head = head;
      return head;
    }
    const { number } = parseManifestFileName(posix.basename(intent.key)) ?? { number: 0 };
    const bytes = Buffer.from(intent.text);
    await this.#put(intent.key, bytes, number);
    const sha256 = sha256Of(bytes);
    await this.#keep({ head: sha256, intent: null });
    this.#head = sha256;
    return sha256;
  }

  /** The disk is new: the manifests themselves say which one is the newest. */
  async #findHeadInStore(): Promise<string | null> {
    const digests = new Set<string>();
    const named = new Set<string>();
    for (const key of await this.#keysOfChain(this.#options.prefix)) {
      const bytes = await this.#read(key);
      const manifest = bytes === null ? 'is gone' : decodeManifest(bytes);
      if (typeof manifest === 'string') throw this.#taken(key, manifest);
      digests.add(sha256Of(bytes ?? Buffer.alloc(0)));
      if (manifest.previous !== null) named.add(manifest.previous);
    }
    const heads = [...digests].filter((digest) => !named.has(digest));
    if (heads.length > 1) throw this.#taken(this.#options.prefix, 'the chain has several ends');
    return heads[0] ?? null;
  }

  async #numbersIn(partition: string): Promise<number[]> {
    const keys = await this.#keysOfChain(`${partition}/manifest-${this.#options.name}-`);
    return keys
      .filter((key) => posix.dirname(key) === partition)
      .map((key) => parseManifestFileName(posix.basename(key))?.number ?? 0);
  }

  async #keysOfChain(prefix: string): Promise<string[]> {
    const { name, signal, store } = this.#options;
    const keys: string[] = [];
    for await (const { key } of askForEach((options) => store.list(prefix, options), signal)) {
      if (parseManifestFileName(posix.basename(key))?.name === name) keys.push(key);
    }
    return keys;
  }

  async #put(key: string, bytes: Buffer, number: number): Promise<void> {
    const { sign: privateKey, success } = this.#options;
    await this.#putOnce(key, bytes, 'application/json');
    if (privateKey !== undefined) {
      const signature = sign(null, bytes, privateKey);
      await this.#putOnce(signatureFileName(key), signature, 'application/octet-stream');
    }
    if (!success || number !== 1) return;
    await this.#putOnce(`${posix.dirname(key)}/${SUCCESS_NAME}`, Buffer.alloc(0), 'text/plain');
  }

  /** Never replaces another object. Reads the object back, so that the store has shown it. */
  async #putOnce(key: string, bytes: Buffer, contentType: string): Promise<void> {
    const { signal, store } = this.#options;
    if ((await this.#read(key)) === null) {
      const refuses = await askStore(
        async (options) => store.refusesTaken?.(options) ?? false,
        signal,
      );
      const whenTaken = refuses ? 'refuse' : 'replace';
      // An empty buffer would end the stream in object mode.
      const body = Readable.from(bytes.length === 0 ? [] : [bytes], { objectMode: false });
      await store.put(key, body, { contentType, whenTaken, signal });
    }
    if ((await this.#read(key))?.equals(bytes)) return;
    throw this.#taken(key, 'it holds something else');
  }

  /** Null if there is no such object. */
  async #read(key: string): Promise<Buffer | null> {
    const { signal, store } = this.#options;
    const object = await headObject(store, key, signal);
    if (object === null) return null;
    if (object.bytes === 0) return Buffer.alloc(0);
    if (object.bytes > LONGEST_MANIFEST_BYTES) throw this.#taken(key, 'it is too long');
    const range = { start: 0, end: object.bytes };
    const chunks: Buffer[] = [];
    for await (const chunk of receiveBytes(store, key, range, { signal })) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  async #keep(state: ChainState): Promise<void> {
    await this.#state.write(JSON.stringify(state));
  }

  #taken(key: string, problem: string): ArchiveError {
    const { name, store } = this.#options;
    const message = `${store.name}/${key}: ${problem}, so that another archiver may have the name`;
    return new ArchiveError('ERR_MANIFEST_NAME_TAKEN', `${message} manifests.name ${name}`);
  }
}

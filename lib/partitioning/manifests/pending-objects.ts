import { join } from 'node:path';

import type { FileLayer } from '../../files/file-layer.js';
import type { ManifestObject } from '../../format/manifest.js';
import { KeptText } from './kept-text.js';

/** Objects of a partition that the store has confirmed, and that no manifest lists yet. */
export class PendingObjects {
  readonly #file: KeptText;
  readonly #objects = new Map<string, ManifestObject>();
  /** When the partition ends, in µs since the epoch. */
  endMicros = 0;
  /** Whether an earlier process has added some: a manifest may list them already. */
  isFromBefore = false;
  #turn: Promise<void> = Promise.resolve();

  /** @param path the folder of the partition */
  constructor(path: string, name: string, files: FileLayer) {
    this.#file = new KeptText(join(path, pendingFileName(name)), files);
  }

  get objects(): readonly ManifestObject[] {
    return [...this.#objects.values()];
  }

  /** Reads what an earlier process has left. */
  async load(): Promise<void> {
    const text = await this.#file.read();
    if (text === null) return;
    // Our own file, in a directory that is trusted.
    const kept = JSON.parse(text) as { endMicros: number; objects: ManifestObject[] };
    this.endMicros = Math.max(this.endMicros, kept.endMicros);
    for (const object of kept.objects) this.#objects.set(object.name, object);
    this.isFromBefore = kept.objects.length > 0;
  }

  /** Settles when the object survives a power loss. */
  async add(object: ManifestObject, endMicros: number): Promise<void> {
    await this.#inTurn(async () => {
      this.#objects.set(object.name, object);
      this.endMicros = Math.max(this.endMicros, endMicros);
      await this.#keep();
    });
  }

  /** A manifest lists these objects now. */
  async remove(objects: readonly ManifestObject[]): Promise<void> {
    await this.#inTurn(async () => {
      for (const { name } of objects) this.#objects.delete(name);
      if (this.#objects.size === 0) await this.#file.remove();
      else await this.#keep();
    });
  }

  async #keep(): Promise<void> {
    const { endMicros, objects } = this;
    await this.#file.write(JSON.stringify({ endMicros, objects }));
  }

  async #inTurn(go: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(go, go);
    this.#turn = turn.catch(() => undefined);
    await turn;
  }
}

/** The name begins with a dot, so that readers pass over the file. */
export function pendingFileName(name: string): string {
  return `.manifest-${name}.pending`;
}

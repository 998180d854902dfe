import { DamageError } from '../../errors/damage-error.js';

/**
 * The bytes before the damage of a gzip archive. Yields all that can be decompressed and then ends.
 */
export class UndamagedInput implements AsyncIterable<Buffer> {
  /** Why the input ended too early. */
  damage: DamageError | undefined;
  readonly #chunks: AsyncIterable<Buffer>;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    try {
      yield* this.#chunks;
    } catch (error) {
      if (!(error instanceof DamageError)) throw error;
      this.damage = error;
    }
  }
}

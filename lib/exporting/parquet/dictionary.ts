import { PlainTexts } from './plain-texts.js';

/** Distinct texts, and their numbers in the order in which they came. */
export class Dictionary {
  readonly #numbers = new Map<string, number>();
  readonly #texts = new PlainTexts();

  get count(): number {
    return this.#numbers.size;
  }

  /** The texts as the page of a dictionary has them. */
  get bytes(): Buffer {
    return this.#texts.bytes;
  }

  get length(): number {
    return this.#texts.length;
  }

  /** The text of a number. It looks for it: for errors only. */
  textOf(number: number): string | undefined {
    return [...this.#numbers.keys()][number];
  }

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#texts.add(text);
    this.#numbers.set(text, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  clear(): void {
    this.#numbers.clear();
    this.#texts.clear();
  }
}

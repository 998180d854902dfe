/**
 * The fields of an object that came from outside, each as the type that it is asked for. What is of another
 * type, or is not there, gives a stand-in, and is remembered in `areSound`.
 */
export class JournalFields {
  readonly #value: object;
  /** Of all that belongs to one text. */
  readonly #faults: string[];

  /** @param text JSON; what is none has no fields */
  static parse(text: string): JournalFields {
    try {
      return new JournalFields(JSON.parse(text), []);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return new JournalFields(null, ['no JSON']);
    }
  }

  private constructor(value: unknown, faults: string[]) {
    this.#faults = faults;
    if (typeof value !== 'object' || value === null) faults.push('no object');
    this.#value = Object(value);
  }

  /** Whether every field was there that was asked for so far. */
  get areSound(): boolean {
    return this.#faults.length === 0;
  }

  inner(name: string): JournalFields {
    return new JournalFields(this.#get(name), this.#faults);
  }

  text(name: string): string {
    const value = this.#get(name);
    return typeof value === 'string' ? value : this.#fault(name, '');
  }

  textOrNull(name: string): string | null {
    return this.#get(name) === null ? null : this.text(name);
  }

  number(name: string): number {
    const value = this.#get(name);
    return typeof value === 'number' ? value : this.#fault(name, 0);
  }

  /** From ISO 8601, as JSON has dates. */
  dateOrNull(name: string): Date | null {
    const text = this.textOrNull(name);
    if (text === null) return null;
    const date = new Date(text);
    return Number.isNaN(date.getTime()) ? this.#fault(name, null) : date;
  }

  /** One of the given texts, and the first of them where it is none. */
  oneOf<Text extends string>(name: string, texts: readonly Text[]): Text {
    const value = this.text(name);
    const found = texts.find((text) => text === value);
    if (found !== undefined) return found;
    const [standIn] = texts;
    if (standIn === undefined) throw new RangeError(`${name} has no texts to be one of`);
    return this.#fault(name, standIn);
  }

  #get(name: string): unknown {
    return Object.hasOwn(this.#value, name) ? Reflect.get(this.#value, name) : undefined;
  }

  #fault<Value>(name: string, standIn: Value): Value {
    this.#faults.push(name);
    return standIn;
  }
}

/**
 * Reads the fields of an untrusted JSON object, each as an expected type. A field that is missing
 * or of another type gives a stand-in value and makes `areSound` false, so that a caller checks
 * once at the end.
 */
export class JournalFields {
  readonly #value: object;
  /** Shared by all objects of one text. */
  readonly #faults: string[];

  /** @param text JSON; any other text has no fields and is not sound */
  static parse(text: string): JournalFields {
    try {
      return new JournalFields(JSON.parse(text), []);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return new JournalFields(null, ['not JSON']);
    }
  }

  private constructor(value: unknown, faults: string[]) {
    this.#faults = faults;
    if (typeof value !== 'object' || value === null) faults.push('not an object');
    this.#value = Object(value);
  }

  /** Whether every field that was read so far had its expected type. */
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
    return typeof value === 'number' && Number.isFinite(value) ? value : this.#fault(name, 0);
  }

  /** A whole number, 0 or more. */
  count(name: string): number {
    const value = this.number(name);
    return Number.isSafeInteger(value) && value >= 0 ? value : this.#fault(name, 0);
  }

  /** A SHA-256 in hex. */
  digest(name: string): string {
    const value = this.text(name);
    return /^[0-9a-f]{64}$/.test(value) ? value : this.#fault(name, '');
  }

  /** A date in ISO 8601, as JSON.stringify writes it. */
  dateOrNull(name: string): Date | null {
    const text = this.textOrNull(name);
    if (text === null) return null;
    const date = new Date(text);
    return Number.isNaN(date.getTime()) ? this.#fault(name, null) : date;
  }

  /** One of the given texts. The first of them is the stand-in. */
  oneOf<Text extends string>(name: string, texts: readonly Text[]): Text {
    const value = this.text(name);
    const found = texts.find((text) => text === value);
    if (found !== undefined) return found;
    const [standIn] = texts;
    if (standIn === undefined) throw new RangeError(`no texts to choose from for field ${name}`);
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

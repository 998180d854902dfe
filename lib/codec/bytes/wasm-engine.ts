import { ArchiveError } from '../../errors/archive-error.js';

const PAGE_BYTES = 65_536;

/** Memory above this size, which one large input needed, is not kept. */
const MOST_KEPT_BYTES = 4 * 2 ** 20;

/** The part of `WebAssembly` that is used here. Node's types leave it to those of browsers. */
interface WebAssemblyParts {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
}

declare const WebAssembly: WebAssemblyParts | undefined;

/** What every module compiled from wasm/ exports. */
interface WithMemory {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
}

/** Whether this process has WebAssembly, which `node --jitless` has not. */
export function hasWebAssembly(): boolean {
  return typeof WebAssembly !== 'undefined';
}

/**
 * A module of wasm/ and one memory for it, whose layout is up to the caller. The code is compiled on
 * first use.
 */
export class WasmEngine<Exports extends object> {
  readonly #code: string;
  readonly #purpose: string;
  #module: object | undefined;
  #instance: (Exports & WithMemory) | undefined;
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array();

  /**
   * @param code the module in base64
   * @param purpose what it is for, in the error of a process without WebAssembly
   */
  constructor(code: string, purpose: string) {
    this.#code = code;
    this.#purpose = purpose;
  }

  /** The functions that use the memory that `reserve` returned last. */
  get exports(): Exports {
    this.#instance ??= this.#create();
    return this.#instance;
  }

  /**
   * Returns the memory, with `count` bytes or more. If it is the same array as the last time, it has
   * kept its contents.
   *
   * @throws ArchiveError `ERR_NO_WEBASSEMBLY`
   */
  reserve(count: number): Uint8Array<ArrayBuffer> {
    if (this.#bytes.length > MOST_KEPT_BYTES && count < MOST_KEPT_BYTES) this.#instance = undefined;
    this.#instance ??= this.#create();
    const missing = count - this.#bytes.length;
    if (missing > 0) {
      const { memory } = this.#instance;
      memory.grow(Math.ceil(missing / PAGE_BYTES));
      // Growing detaches the buffer.
      this.#bytes = new Uint8Array(memory.buffer);
    }
    return this.#bytes;
  }

  #create(): Exports & WithMemory {
    if (typeof WebAssembly === 'undefined') {
      throw new ArchiveError(
        'ERR_NO_WEBASSEMBLY',
        `${this.#purpose} needs WebAssembly, which this process lacks (is it started with --jitless?)`,
      );
    }
    this.#module ??= new WebAssembly.Module(Buffer.from(this.#code, 'base64'));
    const instance = new WebAssembly.Instance(this.#module);
    // The source in wasm/ declares these exports, and `npm run wasm -- --check` compares the code.
    const created = instance.exports as Exports & WithMemory;
    this.#bytes = new Uint8Array(created.memory.buffer);
    return created;
  }
}

import { ArchiveError } from '../../errors/archive-error.js';
import type { JsonPath } from './json-path.js';
import { SCANNER_CODE } from './json-scanner-code.js';
import { layOutPaths, type PathTree } from './path-tree.js';

/** The kinds of values. The numbers are those of wasm/json-scanner.ts. */
export const ValueKind = {
  missing: 0,
  plainString: 1,
  escapedString: 2,
  /** A number, `true` or `false`. */
  word: 3,
  null: 4,
  /** An object or an array. */
  container: 5,
} as const;

/** `scan` returns this for a text that is JSON. */
export const WHOLE_JSON = -1;

/** Where the tree of paths is in the memory. The code uses nothing before it. */
const TREE_ADDRESS = 1024;
const CAPTURE_BYTES = 12;
const ENTRY_BYTES = 16;
const PAGE_BYTES = 65_536;

/** The code may load that many bytes after the last one of its input. */
const SLACK_BYTES = 64;

/** Memory above this size, which one large text needed, is not kept. */
const MOST_KEPT_BYTES = 4 * 2 ** 20;

/** The part of `WebAssembly` that is used here. Node's types leave it to those of browsers. */
interface WebAssemblyParts {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
}

declare const WebAssembly: WebAssemblyParts | undefined;

/** The exports of wasm/json-scanner.ts. */
interface ScannerExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  configure(root: number, captures: number, fieldCount: number): void;
  scan(start: number, end: number, bits: number): number;
}

/** The memory and code that all scanners share, and the scanner that has loaded bytes into it. */
interface Engine {
  readonly code: ScannerExports;
  bytes: Uint8Array;
  user: JsonScanner | undefined;
}

let compiled: object | undefined;
let engine: Engine | undefined;

/**
 * Checks JSON (RFC 8259) and finds the values of some paths in it, without building values. Of
 * members with one name the last counts, as for `JSON.parse`. It does not check that the bytes are
 * UTF-8.
 *
 * Use it in one go: `load`, `scan`, and then the captured values. All scanners share one memory, so
 * the bytes of one are gone when another one loads its own.
 */
export class JsonScanner {
  readonly #tree: PathTree;
  readonly #captures: number;
  readonly #bits: number;
  #input: Buffer = Buffer.alloc(0);
  /** Where the input is in the memory. */
  #address = 0;
  #found: Uint32Array = new Uint32Array();

  /** @param paths the values to find; `textOf` and the others take the index of a path */
  constructor(paths: readonly JsonPath[]) {
    this.#tree = layOutPaths(paths, TREE_ADDRESS);
    this.#captures = roundUp(TREE_ADDRESS + this.#tree.bytes.length, 4);
    const entries = ENTRY_BYTES * (this.#tree.levels + 1);
    this.#bits = this.#captures + CAPTURE_BYTES * this.#tree.fieldCount + entries;
  }

  /** Copies bytes to the memory of the scanner. The caller must not change them until it is done. */
  load(input: Buffer): void {
    // Every byte may open a bracket, which needs a bit.
    this.#address = roundUp(this.#bits + (input.length >>> 3) + 1, 16);
    const shared = engineOf(this.#address + input.length + SLACK_BYTES);
    if (shared.user !== this || this.#found.buffer !== shared.bytes.buffer) this.#enter(shared);
    shared.bytes.set(input, this.#address);
    shared.bytes[this.#address + input.length] = 0;
    this.#input = input;
  }

  /**
   * Scans the loaded bytes from `start` up to `end`, where a line feed or the end of the input must
   * follow.
   *
   * @returns `WHOLE_JSON`, or how far from `start` the first fault is
   */
  scan(start: number, end: number): number {
    if (engine?.user !== this) throw new Error('another scanner has loaded bytes since');
    return engine.code.scan(this.#address + start, this.#address + end, this.#bits);
  }

  /** The kind of a path's value, after `scan` has found no fault. */
  kindOf(path: number): number {
    return this.#found[this.#firstOf(path) + 2] ?? ValueKind.missing;
  }

  /** Where the value of a path begins in the input. */
  startOf(path: number): number {
    return (this.#found[this.#firstOf(path)] ?? 0) - this.#address;
  }

  /** Where the value of a path ends in the input. */
  endOf(path: number): number {
    return (this.#found[this.#firstOf(path) + 1] ?? 0) - this.#address;
  }

  /**
   * The value of a path as text: a string decoded, with U+FFFD for half of a surrogate pair, and
   * anything else as it is in the input. Undefined if it is null or missing.
   */
  textOf(path: number): string | undefined {
    const first = this.#firstOf(path);
    const kind = this.#found[first + 2];
    const start = (this.#found[first] ?? 0) - this.#address;
    const end = (this.#found[first + 1] ?? 0) - this.#address;
    switch (kind) {
      case ValueKind.plainString:
        return this.#input.toString('utf8', start + 1, end - 1);
      case ValueKind.escapedString: {
        const text: string = JSON.parse(this.#input.toString('utf8', start, end));
        return text.toWellFormed();
      }
      case ValueKind.word:
      case ValueKind.container:
        return this.#input.toString('utf8', start, end);
      default:
        return undefined;
    }
  }

  #firstOf(path: number): number {
    return 3 * (this.#tree.fields[path] ?? 0);
  }

  #enter(shared: Engine): void {
    const { fieldCount, bytes } = this.#tree;
    shared.user = this;
    shared.bytes.set(bytes, TREE_ADDRESS);
    shared.code.configure(TREE_ADDRESS, this.#captures, fieldCount);
    this.#found = new Uint32Array(shared.bytes.buffer, this.#captures, 3 * fieldCount);
  }
}

/** The engine with at least `memoryBytes` of memory. */
function engineOf(memoryBytes: number): Engine {
  const isTooLarge = (engine?.bytes.length ?? 0) > MOST_KEPT_BYTES && memoryBytes < MOST_KEPT_BYTES;
  if (engine === undefined || isTooLarge) engine = createEngine();
  const missing = memoryBytes - engine.bytes.length;
  if (missing > 0) {
    engine.code.memory.grow(Math.ceil(missing / PAGE_BYTES));
    // Growing detaches the buffer.
    engine.bytes = new Uint8Array(engine.code.memory.buffer);
    engine.user = undefined;
  }
  return engine;
}

function createEngine(): Engine {
  if (typeof WebAssembly === 'undefined') {
    throw new ArchiveError(
      'ERR_NO_WEBASSEMBLY',
      'JSON is scanned with WebAssembly, which this process lacks (is it started with --jitless?)',
    );
  }
  compiled ??= new WebAssembly.Module(Buffer.from(SCANNER_CODE, 'base64'));
  const instance = new WebAssembly.Instance(compiled);
  // wasm/json-scanner.ts declares these exports, and `npm run wasm -- --check` compares the code.
  const code = instance.exports as ScannerExports;
  return { code, bytes: new Uint8Array(code.memory.buffer), user: undefined };
}

function roundUp(address: number, unit: number): number {
  return Math.ceil(address / unit) * unit;
}

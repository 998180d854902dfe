import { WasmEngine } from '../bytes/wasm-engine.js';
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

/** The code may load that many bytes after the last one of its input. */
const SLACK_BYTES = 64;

/** The exports of wasm/json-scanner.ts. */
interface ScannerExports {
  configure(root: number, captures: number, fieldCount: number): void;
  scan(start: number, end: number, bits: number): number;
}

/** The memory and code that all scanners share. */
const engine = new WasmEngine<ScannerExports>(SCANNER_CODE, 'scanning JSON');

/** The scanner that has loaded bytes last. */
let user: JsonScanner | undefined;

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
    const memory = engine.reserve(this.#address + input.length + SLACK_BYTES);
    if (user !== this || this.#found.buffer !== memory.buffer) this.#enter(memory);
    memory.set(input, this.#address);
    memory[this.#address + input.length] = 0;
    this.#input = input;
  }

  /**
   * Scans the loaded bytes from `start` up to `end`, where a line feed or the end of the input must
   * follow.
   *
   * @returns `WHOLE_JSON`, or how far from `start` the first fault is
   */
  scan(start: number, end: number): number {
    if (user !== this) throw new Error('another scanner has loaded bytes since');
    return engine.exports.scan(this.#address + start, this.#address + end, this.#bits);
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

  #enter(memory: Uint8Array<ArrayBuffer>): void {
    const { fieldCount, bytes } = this.#tree;
    user = this;
    memory.set(bytes, TREE_ADDRESS);
    engine.exports.configure(TREE_ADDRESS, this.#captures, fieldCount);
    this.#found = new Uint32Array(memory.buffer, this.#captures, 3 * fieldCount);
  }
}

function roundUp(address: number, unit: number): number {
  return Math.ceil(address / unit) * unit;
}

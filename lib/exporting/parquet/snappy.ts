import { WasmEngine } from '../../codec/bytes/wasm-engine.js';
import { SNAPPY_CODE } from './snappy-code.js';

/** Where the input is in the memory: after the table of wasm/snappy.ts. */
const INPUT_ADDRESS = 65_536;

/** The code may load that many bytes after the input, and store as many after its output. */
const SLACK_BYTES = 64;

/** The exports of wasm/snappy.ts. */
interface SnappyExports {
  compress(start: number, count: number, to: number): number;
}

const engine = new WasmEngine<SnappyExports>(SNAPPY_CODE, 'compressing with Snappy');

/**
 * Compresses as the format description of Snappy says (without its framing), which Parquet uses.
 * Takes a seventh of the CPU of hyparquet-writer's own Snappy, which appends byte by byte.
 *
 * @returns a view on the memory of the compressor: the next call overwrites it
 * @throws ArchiveError `ERR_NO_WEBASSEMBLY`
 */
export function compressSnappy(input: Uint8Array): Uint8Array {
  const { length } = input;
  const output = INPUT_ADDRESS + length + SLACK_BYTES;
  // The bound of the reference implementation's `MaxCompressedLength`.
  const most = 32 + length + Math.ceil(length / 6);
  const memory = engine.reserve(output + most + SLACK_BYTES);
  memory.set(input, INPUT_ADDRESS);
  return memory.subarray(output, engine.exports.compress(INPUT_ADDRESS, length, output));
}

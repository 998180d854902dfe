import { crc32 } from 'node:zlib';

/** The fields of a forged header. Fields that are not given are right; the checksums always are. */
export interface ForgedHeader {
  readonly version?: number;
  readonly kind?: number;
  readonly codec?: number;
  readonly records?: number;
  readonly bodyBytes?: number;
  readonly storedBytes?: number;
  readonly sequence?: bigint;
  readonly earliestMicros?: bigint;
  readonly latestMicros?: bigint;
  /** 16 hex digits. */
  readonly writer?: string;
  readonly flags?: number;
}

/**
 * A frame with valid checksums and any body. Uses the numbers of docs/format.md, so that it shares
 * no mistake with the encoder.
 */
export function forgeFrame(body: Uint8Array, header: ForgedHeader = {}): Buffer {
  const frame = Buffer.alloc(64 + body.length);
  frame.writeUInt32LE(0x69867884, 0);
  frame.writeInt16LE(header.version ?? 2, 4);
  frame.writeUInt8(header.kind ?? 1, 6);
  frame.writeUInt8(header.codec ?? 0, 7);
  frame.writeUInt32LE(header.records ?? 1, 8);
  frame.writeUInt32LE(header.bodyBytes ?? body.length, 12);
  frame.writeUInt32LE(header.storedBytes ?? body.length, 16);
  frame.writeUInt32LE(crc32(body), 20);
  frame.writeBigUInt64LE(header.sequence ?? 0n, 24);
  frame.writeBigInt64LE(header.earliestMicros ?? 0n, 32);
  frame.writeBigInt64LE(header.latestMicros ?? 0n, 40);
  frame.write(header.writer ?? '0102030405060708', 48, 'hex');
  frame.writeUInt32LE(header.flags ?? 0, 56);
  frame.writeUInt32LE(crc32(frame.subarray(0, 60)), 60);
  frame.set(body, 64);
  return frame;
}

/** A varint of any size, even a size that no archive may hold. */
export function forgeVarint(value: bigint | number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

export function forgeZigzag(value: bigint | number): Buffer {
  const signed = BigInt(value);
  return forgeVarint(signed < 0n ? -2n * signed - 1n : 2n * signed);
}

/** Bytes with their length before them. */
export function forgeCounted(...parts: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(parts);
  return Buffer.concat([forgeVarint(bytes.length), bytes]);
}

/** A record of a body. Its time is relative to that of the record before it. */
export function forgeRecord(
  payload: string,
  metadata: Uint8Array = Buffer.alloc(0),
  timeDelta: bigint | number = 0,
): Buffer {
  return forgeCounted(forgeZigzag(timeDelta), forgeCounted(metadata), Buffer.from(payload));
}

/** A body of kind 1, with `tableStart` at its end. */
export function forgeBody(
  records: Uint8Array,
  keyTable: Uint8Array = forgeKeyTable(),
  tableStart = records.length,
): Buffer {
  const end = Buffer.alloc(4);
  end.writeUInt32LE(tableStart);
  return Buffer.concat([records, keyTable, end]);
}

export function forgeKeyTable(...keys: readonly string[]): Buffer {
  const entries = keys.map((key) => forgeCounted(Buffer.from(key)));
  return Buffer.concat([forgeVarint(keys.length), ...entries]);
}

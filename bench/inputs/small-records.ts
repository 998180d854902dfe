import { createHash } from 'node:crypto';

import type { BenchRecord } from './input.js';

const DISTINCT = 20_000;
const PAYLOAD_BYTES = 200;
const KINDS = ['login', 'logout', 'purchase', 'refund', 'view'];

/** Each host has 1 % of the events. */
const HOSTS = 100;

const REQUEST_LENGTH = 16;

/** Events of 200 B with 2 pairs of metadata, the same in each run. */
export function makeSmallRecords(): BenchRecord<string>[] {
  return Array.from({ length: DISTINCT }, (_, i) => {
    const kind = KINDS[i % KINDS.length] ?? '';
    const metadata = { kind, host: `web-${String(i % HOSTS).padStart(2, '0')}` };
    const fields = { id: i, user: (i * 7919) % 100_003, kind, path: `/shop/item/${i % 1009}` };
    const open = `${JSON.stringify(fields).slice(0, -1)},"agent":"`;
    return { metadata, payload: `${open.padEnd(PAYLOAD_BYTES - 2, 'Mozilla/5.0 ')}"}` };
  });
}

/** The same events, with the id of a request instead of a host: no two have the same metadata. */
export function makeVariedRecords(): BenchRecord<string>[] {
  return makeSmallRecords().map(({ metadata: { kind = '' }, payload }, i) => {
    const request = createHash('sha256').update(String(i)).digest('hex').slice(0, REQUEST_LENGTH);
    return { metadata: { kind, request }, payload };
  });
}

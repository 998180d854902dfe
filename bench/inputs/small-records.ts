import type { BenchRecord } from './input.js';

const DISTINCT = 20_000;
const PAYLOAD_BYTES = 200;
const KINDS = ['login', 'logout', 'purchase', 'refund', 'view'];

/** Each host has 1 % of the events. */
const HOSTS = 100;

/** Events of 200 B with 2 pairs of metadata, the same in each run. */
export function makeSmallRecords(): BenchRecord[] {
  return Array.from({ length: DISTINCT }, (_, i) => {
    const kind = KINDS[i % KINDS.length] ?? '';
    const metadata = { kind, host: `web-${String(i % HOSTS).padStart(2, '0')}` };
    const fields = { id: i, user: (i * 7919) % 100_003, kind, path: `/shop/item/${i % 1009}` };
    const open = `${JSON.stringify(fields).slice(0, -1)},"agent":"`;
    return { metadata, payload: `${open.padEnd(PAYLOAD_BYTES - 2, 'Mozilla/5.0 ')}"}` };
  });
}

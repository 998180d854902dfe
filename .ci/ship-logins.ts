// Ships failed logins of two tenants to a store. Arguments: a spool, the store, and `tuesday` for
// records of last Tuesday from 8:30 to 10:30, or `now` for one record.
import { mkdir } from 'node:fs/promises';

import { createArchiveWriter } from 'shoebox-archive';

const [directory = '', to = '', when = ''] = process.argv.slice(2);
await mkdir(directory, { recursive: true });
const writer = createArchiveWriter({ directory, index: ['tenant', 'event'], ship: { to } });
const now = new Date();
const days = ((now.getUTCDay() + 4) % 7) + 1;
const nine = new Date(now.getTime() - days * 24 * 60 * 60_000).setUTCHours(9, 0, 0, 0);
const times =
  when === 'now' ? [now.getTime()] : [-30, 0, 30, 59, 60, 90].map((m) => nine + m * 60_000);
for (const time of times) {
  for (const tenant of ['7', '8']) {
    const metadata = { tenant, event: 'login failed' };
    writer.append({ time: new Date(time), metadata, payload: `${when} ${tenant}` });
  }
}
await writer.close();

// Prints tenant 7's failed logins of last Tuesday between 9 and 10 (UTC), and then those that come.
import { createArchiveReader } from 'shoebox-archive';

const pattern = process.argv[2] ?? 's3://my-bucket/events';
const where = { tenant: '7', event: 'login failed' };
const now = Date.now();
const days = ((new Date(now).getUTCDay() + 4) % 7) + 1;
const nine = new Date(now - days * 24 * 60 * 60_000).setUTCHours(9, 0, 0, 0);
const hour = { from: nine, to: nine + 60 * 60_000, where, allowEmpty: true };
for await (const record of createArchiveReader(pattern, hour)) console.log(record.text());
const later = { from: now, where, follow: true };
for await (const record of createArchiveReader(pattern, later)) console.log(record.text());

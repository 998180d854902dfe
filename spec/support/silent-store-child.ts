// Writes a record, ships it to a service that never answers, and closes. Argument: the directory.
// Prints what `close` reports, and leaves the rest to the end of the process.
import { createArchiveWriter } from '../../lib/index.js';
import { HostileS3 } from './hostile-s3.js';

const [directory = '', template = ''] = process.argv.slice(2);
const hostile = await HostileS3.start();
const ship = { to: 's3://bucket/pre', s3: hostile.options };
const writer = createArchiveWriter({ directory, template, ship });
writer.on('failed', () => {});
writer.append({ payload: 'x' });
const { left } = await writer.close({ deadlineMs: 500 });
console.log(left.length);
hostile.unref();

// Archives the records of a source that numbers them, until it is killed. Arguments: the spool, the
// store, the number of the first record. Sends the number of each record that is synced.
import { createArchiveWriter, rollBySize } from '../../lib/index.js';
import { isInSource, recordOf, SOURCE } from './source.js';

const [spool = '', store = '', from = ''] = process.argv.slice(2);
const writer = createArchiveWriter({
  directory: spool,
  writerId: SOURCE,
  sequences: 'given',
  roll: rollBySize('8 KiB'),
  ship: { to: store },
});

for (let number = Number(from); ; number++) {
  if (!isInSource(number)) continue;
  await writer.ready();
  const receipt = writer.append(recordOf(number));
  if (number % 20 !== 0) continue;
  await receipt.synced;
  process.send?.(number);
}

// Waits for one promise of a writer whose store refuses everything for half a second, without a timer or
// socket of its own. Prints `done` when the promise settles. Arguments: the directory, what to wait
// for.
import { createArchiveWriter, rollByAge, rollByCount } from '../../lib/index.js';
import { MemoryStore, storeError } from './memory-store.js';

const [directory = '', what = ''] = process.argv.slice(2);
const store = new MemoryStore();
const start = performance.now();
store.before = () => {
  if (performance.now() - start < 500) throw storeError(true);
};
const writer = createArchiveWriter({
  directory,
  roll: what === 'sealed' ? rollByAge('1s') : rollByCount(1),
  // One record may wait, because each is an archive that must be shipped.
  maxPendingBytes: 1,
  ship: { to: store, maxSpoolBytes: what === 'sealed' || what === 'nothing' ? '1 MiB' : 1 },
});

async function wait(): Promise<unknown> {
  const first = writer.append('first');
  await first.written;
  switch (what) {
    case 'drain':
      while (writer.write('x'.repeat(100)));
      return await new Promise((resolve) => writer.once('drain', () => resolve(true)));
    case 'ready':
      while (writer.write('x'.repeat(100)));
      return await writer.ready();
    case 'receipt in the queue':
      return await writer.append('second').written;
    case 'shipped':
      return await first.shipped;
    case 'sealed':
      return await first.sealed;
    case 'close':
      return await writer.close();
    default:
      return await new Promise(() => {});
  }
}
await wait();
console.log('done');

import pino from 'pino';

/** Logs lines through the transport, and ends in the given way. */
const [directory = '', target = '', way = '', count = '0'] = process.argv.slice(2);

const transport = pino.transport({ target, options: { directory, metadata: ['level', 'event'] } });
const logger = pino({}, transport);
for (let n = 0; n < Number(count); n++) logger.info({ n, event: `e${n % 3}` }, 'x'.repeat(100));

if (way === 'exit') process.exit(0);
if (way === 'throw') throw new Error('on purpose');
if (way === 'flush') {
  logger.flush(() => {
    process.stdout.write('flushed\n');
    // Nothing of the transport gets to run after this.
    process.kill(process.pid, 'SIGKILL');
  });
}

#!/usr/bin/env node
const begunMs = performance.now();

// Before anything else: without a handler, Node opens its debugger at this signal.
process.on('SIGUSR1', () => {
  const seconds = Math.round((performance.now() - begunMs) / 1000);
  process.stderr.write(`shoebox: running for ${seconds} s\n`);
});

// The user of a command cannot act on the warnings of dependencies, such as the AWS SDK's on Node 20.
process.removeAllListeners('warning');
process.on('warning', ({ message, name }) => {
  if (name === 'ShoeboxWarning') process.stderr.write(`shoebox: ${message}\n`);
});

void run();

async function run(): Promise<void> {
  const { runCommand } = await import('./run-command.js');
  process.exitCode = await runCommand(process.argv.slice(2), process);
}

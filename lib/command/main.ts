#!/usr/bin/env node
/** What SIGUSR1 prints, until a command has a status of its own. */
let statusLine = () => 'shoebox: starting';

// Before anything else: without a handler, Node opens its debugger at this signal.
process.on('SIGUSR1', () => process.stderr.write(`${statusLine()}\n`));

// Dependencies warn of things that the user of a command cannot change.
process.removeAllListeners('warning');

const begunMs = performance.now();
statusLine = () => `shoebox: running for ${Math.round((performance.now() - begunMs) / 1000)} s`;

void run();

async function run(): Promise<void> {
  const { runCommand } = await import('./run-command.js');
  process.exitCode = await runCommand(process.argv.slice(2), process);
}

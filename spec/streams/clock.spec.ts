import { execFile } from 'node:child_process';
import { mock } from 'node:test';
import { promisify } from 'node:util';

import { expect } from 'chai';

import { systemClock } from '../../lib/streams/clock.js';
import { compiled } from '../support/compiled.js';
import { mockTimeouts, restoreTimeouts } from '../support/mock-timeouts.js';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

describe('systemClock', () => {
  it("gives the system's time", () => {
    mock.timers.enable({ apis: ['Date'], now: 1234 });
    try {
      expect(systemClock.now()).to.equal(1234);
    } finally {
      mock.timers.reset();
    }
  });

  it('calls back once, even after a delay too long for a timer of Node', () => {
    mockTimeouts();
    try {
      for (const days of [1, 24, 25, 50, 100]) {
        let calls = 0;
        systemClock.setTimer(() => calls++, days * DAY_MS);
        for (let hour = 1; hour < 24 * days; hour++) mock.timers.tick(HOUR_MS);
        expect(calls).to.equal(0);
        // The mock sets a timer's successor only when a whole step is over.
        for (let hour = 0; hour < 6; hour++) mock.timers.tick(HOUR_MS);
        expect(calls).to.equal(1);
        mock.timers.tick(200 * DAY_MS);
        expect(calls).to.equal(1);
      }
    } finally {
      restoreTimeouts();
    }
  });

  it('never calls back a cancelled timer, whether cancelled at the start or midway', () => {
    mockTimeouts();
    try {
      for (const days of [0, 1, 30, 60]) {
        const timer = systemClock.setTimer(() => expect.fail('cancelled'), 70 * DAY_MS);
        for (let day = 0; day < days; day++) mock.timers.tick(DAY_MS);
        timer.cancel();
        mock.timers.tick(100 * DAY_MS);
        timer.cancel();
      }
    } finally {
      restoreTimeouts();
    }
  });

  it('calls back soon if the delay is negative', async () => {
    await new Promise<void>((resolve) => systemClock.setTimer(resolve, -DAY_MS).ref());
  });

  it('does not keep a process alive', async () => {
    const program = `
      systemClock.setTimer(() => console.log('fired'), 60_000);
      systemClock.setTimer(() => console.log('fired'), 100 * ${DAY_MS});
      systemClock.setTimer(() => {}, 100 * ${DAY_MS}).cancel();`;
    // Node would print a warning about a delay that is too long.
    expect(await run(program)).to.deep.equal({ stdout: '', stderr: '' });
  });

  it('keeps a process alive for a timer after ref()', async () => {
    const program = `systemClock.setTimer(() => console.log('fired'), 50).ref();`;
    expect(await run(program)).to.have.property('stdout', 'fired\n');
  });
});

/** Runs a program in a child process, until it ends. */
async function run(program: string): Promise<{ stdout: string; stderr: string }> {
  const url = compiled(new URL('../../lib/streams/clock.ts', import.meta.url)).href;
  const module = `import { systemClock } from ${JSON.stringify(url)}; ${program}`;
  const args = ['--input-type=module', '--eval', module];
  const env = { ...process.env, NODE_OPTIONS: '' };
  return promisify(execFile)(process.execPath, args, { env });
}

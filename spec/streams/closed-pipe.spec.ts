import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import { expect } from 'chai';

import { ignoreClosedPipe } from '../../lib/streams/closed-pipe.js';
import { compiled } from '../support/compiled.js';

const MODULE = compiled(new URL('../../lib/streams/closed-pipe.ts', import.meta.url)).href;

/** Writes without end to stdout, then says so on stderr. */
const PROGRAM = `
  import { Readable } from 'node:stream';
  import { pipeline } from 'node:stream/promises';
  import { ignoreClosedPipe } from ${JSON.stringify(MODULE)};
  const source = new Readable({ read() { this.push('a line\\n'); } });
  await pipeline(source, process.stdout).catch(ignoreClosedPipe);
  console.error('source ' + (source.destroyed ? 'destroyed' : 'open'));`;

describe('ignoreClosedPipe', () => {
  it('makes the end of `head` a normal end: no stack, exit code 0, and the source is closed', async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM]);
    const errors = text(child.stderr);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'close');
    expect([code, await errors]).to.deep.equal([0, 'source destroyed\n']);
  });

  it('throws every other error again', () => {
    ignoreClosedPipe(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    const others = [
      new Error('EPIPE'),
      Object.assign(new Error(''), { code: 'EIO' }),
      'EPIPE',
      null,
    ];
    for (const other of others) {
      let thrown: unknown;
      try {
        ignoreClosedPipe(other);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).to.equal(other);
    }
  });
});

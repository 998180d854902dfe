import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect } from 'chai';

import { ArchiveError } from '../../../lib/errors/archive-error.js';
import { loadHandler } from '../../../lib/writing/handlers/load-handler.js';
import { rejection } from '../../support/store-tools.js';

const MODULE = `
export const ready = { name: 'ready', onSealed() {} };
export const make = (...args) => ({ name: 'made of ' + args.join(' '), onSealed() {} });
export const makeLater = async () => ({ name: 'later', onOpen() {} });
export const makeNothing = () => 5;
export const broken = () => { throw new Error('no such bucket'); };
export const number = 5;
export default { name: 'default', onSealed() {} };
`;

describe('loadHandler', () => {
  const workingDirectory = process.cwd();
  let directory: string;

  before(async () => {
    directory = await realpath(await mkdtemp(join(tmpdir(), 'shoebox-')));
    await writeFile(join(directory, 'handlers.mjs'), MODULE);
    await writeFile(join(directory, 'faulty.mjs'), 'throw new Error("faulty inside");');
    const installed = join(directory, 'node_modules', 'shoebox-handlers');
    await mkdir(installed, { recursive: true });
    await writeFile(join(installed, 'index.mjs'), MODULE);
    await writeFile(
      join(installed, 'package.json'),
      JSON.stringify({ name: 'shoebox-handlers', type: 'module', exports: './index.mjs' }),
    );
    process.chdir(directory);
  });

  after(async () => {
    process.chdir(workingDirectory);
    await rm(directory, { recursive: true });
  });

  it('accepts an export that is a handler', async () => {
    expect((await loadHandler('./handlers.mjs:ready')).name).to.equal('ready');
  });

  it('uses the default export if no name is given', async () => {
    expect((await loadHandler('./handlers.mjs')).name).to.equal('default');
    expect((await loadHandler('./handlers.mjs:default')).name).to.equal('default');
  });

  it('calls an exported function with the arguments', async () => {
    expect((await loadHandler('./handlers.mjs:make', 'a', 5)).name).to.equal('made of a 5');
  });

  for (const specifier of [
    'data:text/javascript,export default { onSealed() {} }',
    'DATA:text/javascript,export default { onSealed() {} }',
    'data:text/javascript,process.exitCode=9;export const h={onOpen(){}}:h',
    'node:process:abort',
    'node:process',
    './handlers.mjs\0',
    'any/../../handlers.mjs',
    'process:abort',
    'node:fs/promises',
    'fs/promises:unlink',
    'http://127.0.0.1/x.mjs',
    'https://127.0.0.1/x.mjs:handler',
    'blob:nodedata:abc',
    '#internal',
    '%2e/handlers.mjs',
    '..',
    '',
  ]) {
    it(`loads no module that is not a package, a path or a file URL: ${specifier}`, async () => {
      const error = await rejection(loadHandler(specifier));
      expect(error).to.be.instanceOf(ArchiveError).and.to.include({ code: 'ERR_HANDLER' });
      expect(String(error)).to.include('expected a package, a path or a file URL');
      expect(process.exitCode ?? 0).to.equal(0);
    });
  }

  it('waits for a function that returns a promise', async () => {
    expect((await loadHandler('./handlers.mjs:makeLater')).name).to.equal('later');
  });

  it('resolves a path from the working directory, an absolute path and a file URL', async () => {
    const path = join(directory, 'handlers.mjs');
    const dotted = join('..', relative(join(directory, '..'), path));
    for (const module of [dotted, path, pathToFileURL(path).href]) {
      expect((await loadHandler(`${module}:ready`)).name, module).to.equal('ready');
      expect((await loadHandler(module)).name, module).to.equal('default');
    }
  });

  it('resolves a package from the working directory', async () => {
    expect((await loadHandler('shoebox-handlers:ready')).name).to.equal('ready');
    expect((await loadHandler('shoebox-handlers')).name).to.equal('default');
  });

  const refused: readonly (readonly [what: string, specifier: string, message: RegExp])[] = [
    ['a missing module', './missing.mjs:x', /expected a module \.\/missing\.mjs, found/],
    ['a missing package', 'shoebox-none:x', /expected a module shoebox-none, found/],
    ['a module that fails', './faulty.mjs:x', /found Error: faulty inside$/],
    [
      'a missing export',
      './handlers.mjs:none',
      /expected an export none, found the exports .*makeLater/,
    ],
    ['an export that is not a handler', './handlers.mjs:number', /onOpen or onSealed.*, found 5$/],
    [
      'a function that does not return a handler',
      './handlers.mjs:makeNothing',
      /found it returns 5$/,
    ],
    ['a function that fails', './handlers.mjs:broken', /found Error: no such bucket$/],
    ['an empty name', '', /expected a package/],
  ];

  for (const [what, specifier, message] of refused) {
    it(`refuses ${what}, and reports what it expected and found`, async () => {
      const error = await errorOf(loadHandler(specifier));
      expect(error).to.be.instanceOf(ArchiveError).with.property('code', 'ERR_HANDLER');
      expect(error).to.have.property('message').that.matches(message);
      expect(error).to.have.property('message').that.contains(`handler ${specifier}`);
    });
  }

  it('keeps the cause', async () => {
    const error = await errorOf(loadHandler('./handlers.mjs:broken'));
    expect(error).to.have.nested.property('cause.message', 'no such bucket');
  });

  it('refuses arguments for an export that is not a function', async () => {
    const error = await errorOf(loadHandler('./handlers.mjs:ready', 'argument'));
    expect(error).to.have.property('message').that.contains('expected a function');
  });
});

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('expected a rejection');
}

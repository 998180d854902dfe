import { createRequire, isBuiltin } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ArchiveError } from '../../errors/archive-error.js';
import { isError } from '../../errors/is-error.js';
import { show } from '../../errors/show.js';
import { checkText } from '../../format/option-values.js';
import { type ArchiveHandler, isArchiveHandler } from './archive-handler.js';

/**
 * A module, and the name of an export after the last colon. The path after `file:` does not match
 * as such a name.
 */
const SPECIFIER = /^(.+):([\p{ID_Start}$_][\p{ID_Continue}$]*)$/su;

/** Any other scheme runs code that is not in a file (`data:`), or a part of Node (`node:`). */
const SCHEME = /^([a-z][a-z0-9+.-]*):/i;

/** A package, or a path below one that its exports allow. */
const PACKAGE = /^(?:@[^/@\\\s:%]+\/)?[^/@#.\\\s:%][^/\\\s:%]*(?:\/[^\\\s:%]+)?$/;

const A_MODULE = 'a package, a path or a file URL';

const A_HANDLER = 'an object with onOpen or onSealed';

/**
 * Loads a handler by name, `module:export`, or the module's default export without `:export`. The
 * module is a package, a path that begins with `./`, `../` or `/`, or a file URL; packages and
 * paths are resolved from the working directory. Nothing else is loaded: no other URL, and no module
 * of Node itself. The export is a handler, or a function that
 * returns a handler or a promise of one.
 *
 * @param args arguments of that function
 * @throws ArchiveError `ERR_HANDLER` if there is no such module or export, or if it is not a
 *   handler
 */
export async function loadHandler(
  specifier: string,
  ...args: readonly unknown[]
): Promise<ArchiveHandler> {
  checkText('specifier', specifier);
  const [, module = specifier, name = 'default'] = SPECIFIER.exec(specifier) ?? [];
  const found = await importExport(specifier, module, name);
  if (typeof found === 'function') return callFactory(specifier, found, args);
  if (args.length > 0) throw failure(specifier, 'a function, to take arguments', describe(found));
  if (isArchiveHandler(found)) return found;
  throw failure(specifier, `${A_HANDLER}, or a function that returns one`, describe(found));
}

async function importExport(specifier: string, module: string, name: string): Promise<unknown> {
  if (!isLoadable(module)) throw failure(specifier, A_MODULE, describe(module));
  let namespace: unknown;
  try {
    namespace = await import(/* webpackIgnore: true */ /* @vite-ignore */ locate(module));
  } catch (error) {
    throw failure(specifier, `a module ${module}`, describeError(error), { cause: error });
  }
  const entries = new Map<string, unknown>(Object.entries(Object(namespace)));
  if (entries.has(name)) return entries.get(name);
  const others = [...entries.keys()].join(', ') || 'none';
  throw failure(specifier, `an export ${name}`, `the exports ${others}`);
}

async function callFactory(
  specifier: string,
  factory: CallableFunction,
  args: readonly unknown[],
): Promise<ArchiveHandler> {
  let made: unknown;
  try {
    made = await factory(...args);
  } catch (error) {
    throw failure(specifier, A_HANDLER, describeError(error), { cause: error });
  }
  if (isArchiveHandler(made)) return made;
  throw failure(specifier, `a function that returns ${A_HANDLER}`, `it returns ${describe(made)}`);
}

/** `createRequire`, which webpack would otherwise replace. */
function requireFrom(path: string): NodeJS.Require {
  return Reflect.apply(createRequire, undefined, [path]);
}

/** Whether a module is a package, a path or a file URL. */
function isLoadable(module: string): boolean {
  // Node drops some of them, and loads another file than the one that is named.
  if (/\p{Cc}/u.test(module)) return false;
  if (isPath(module)) return true;
  const [, scheme] = SCHEME.exec(module) ?? [];
  if (scheme !== undefined) return scheme.toLowerCase() === 'file';
  // `node:process` could be the export `process` of a package called node.
  if (module === 'node' || !PACKAGE.test(module) || isBuiltin(module)) return false;
  // A path out of a package is not that package's.
  return module.split('/').every((segment) => segment !== '.' && segment !== '..');
}

function isPath(module: string): boolean {
  return /^\.{0,2}\//.test(module) || isAbsolute(module);
}

/** The specifier for `import()`, which would otherwise resolve relative to this file. */
function locate(module: string): string {
  if (isPath(module)) return pathToFileURL(resolve(module)).href;
  if (SCHEME.test(module)) return module;
  try {
    const path = requireFrom(join(process.cwd(), 'any.js')).resolve(module);
    return isAbsolute(path) ? pathToFileURL(path).href : path;
  } catch {
    // `require.resolve` fails for packages that can only be imported: resolve those from this file.
    return module;
  }
}

function failure(
  specifier: string,
  expected: string,
  found: string,
  options?: ErrorOptions,
): ArchiveError {
  const message = `cannot load handler ${specifier}: expected ${expected}, found ${found}`;
  return new ArchiveError('ERR_HANDLER', message, options);
}

function describe(value: unknown): string {
  return show(value);
}

function describeError(error: unknown): string {
  return isError(error) ? `${error.name}: ${error.message}` : describe(error);
}

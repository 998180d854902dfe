/**
 * Loads a client that the user installs, because only those who need it should have it.
 *
 * @param names all packages to install, the one that `load` imports first
 * @param purpose what needs them, such as `kafka://`
 * @throws Error that says what to install
 */
export async function loadPackage<Module>(
  names: readonly [string, ...string[]],
  purpose: string,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load();
  } catch (error) {
    if (!isMissing(error, names)) throw error;
    const [name] = names;
    throw new Error(
      `${purpose} needs the package ${name}, which is not installed: npm install ${names.join(' ')}`,
      { cause: error },
    );
  }
}

function isMissing(error: unknown, names: readonly string[]): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  // The codes for a failed import, and for a failed call of `require`.
  const isNotFound = /^(?:ERR_)?MODULE_NOT_FOUND$/.test(String(error.code));
  return isNotFound && names.some((name) => error.message.includes(`'${name}'`));
}

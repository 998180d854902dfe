import { setMaxListeners } from 'node:events';

/**
 * A controller whose signal many requests may wait for at the same time. Of other signals Node takes
 * more than ten listeners for a leak, and warns.
 */
export function createSharedController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

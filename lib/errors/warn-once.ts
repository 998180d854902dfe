import { toMessage } from './show.js';

/** Warns the process of something that no listener hears. */
export type WarnOnce = (code: string, subject: string, message: string) => void;

/** Creates a function that emits one warning of the process for each code and subject. */
export function createWarnOnce(): WarnOnce {
  const warned = new Set<string>();
  return (code, subject, message) => {
    const key = `${code} ${subject}`;
    if (warned.has(key)) return;
    warned.add(key);
    process.emitWarning(toMessage(message), { type: 'ShoeboxWarning', code });
  };
}

import type { Fault } from './fault.ts';
import type { Settings } from './schema.ts';

/** What one value alone cannot break: rules between keys. A section that is faulty in itself is not judged here. */
export function crossFaults({ server, auth, retry }: Partial<Settings>): Fault[] {
  const faults = twins(auth?.tokens ?? []);
  const open = auth !== undefined && auth.tokens.length === 0 && !auth.allow_anonymous;
  if (open && server !== undefined && server.unix_socket === undefined && !isLoopback(server.host))
    faults.push({
      path: ['server', 'host'],
      message:
        `${server.host} can be reached from other machines, so callers need a token: ` +
        'set auth.tokens, or auth.allow_anonymous: true to let everybody push, or listen on 127.0.0.1',
    });
  if (retry !== undefined && retry.max_delay < retry.base_delay)
    faults.push({
      path: ['retry', 'max_delay'],
      message: `expected at least retry.base_delay (${retry.base_delay}), got ${retry.max_delay}`,
    });
  return faults;
}

/** Whether only this machine can reach a server that listens there. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/i.test(host);
}

/** Idempotency keys and logs know a token by its name; two names for one token would hide who called. */
function twins(tokens: Settings['auth']['tokens']): Fault[] {
  const faults: Fault[] = [];
  const names = new Map<string, number>();
  const hashes = new Map<string, number>();
  for (const [i, { name, token_sha256 }] of tokens.entries()) {
    const path = ['auth', 'tokens', i];
    const [named, known] = [names.get(name), hashes.get(token_sha256)];
    if (named !== undefined)
      faults.push({ path: [...path, 'name'], message: `is already the name of auth.tokens[${named}]` });
    if (known !== undefined) faults.push({ path, message: `has the same token as auth.tokens[${known}]` });
    names.set(name, named ?? i);
    hashes.set(token_sha256, known ?? i);
  }
  return faults;
}

import { chmod, lstat, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface Listening {
  /** Where a client on this machine finds the server, e.g. `http://127.0.0.1:8080` or `unix:/run/pushserver.sock`. */
  readonly url: string;
  /** Port 0 in the settings becomes the one that was taken. Absent for a unix socket. */
  readonly address?: AddressInfo;
}

/** @throws when the address cannot be had; nothing listens then */
export async function listen(
  server: Server,
  where: { readonly host: string; readonly port: number; readonly unix_socket?: string | undefined },
): Promise<Listening> {
  if (where.unix_socket !== undefined) return listenOnSocket(server, where.unix_socket);
  const host = where.host.replace(/^\[(.*)\]$/, '$1');
  await started(server, () => server.listen({ host, port: where.port }));
  const address = server.address() as AddressInfo;
  return { url: `http://${nameOf(host)}:${address.port}`, address };
}

/** A socket of mode 0660. One that nobody listens on any more is replaced; anything else at that path is left alone. */
async function listenOnSocket(server: Server, path: string): Promise<Listening> {
  await makeWay(path);
  // The mode is right from the first moment: without the mask the socket would be open to all until the chmod.
  await started(server, () => {
    const before = process.umask(0o117);
    try {
      server.listen({ path });
    } finally {
      process.umask(before);
    }
  });
  await chmod(path, 0o660);
  return { url: `unix:${path}` };
}

async function makeWay(path: string): Promise<void> {
  const found = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`server.unix_socket: ${path} exists and is not a socket; it is left alone`);
  if (await answers(path)) throw new Error(`server.unix_socket: another process is listening on ${path}`);
  await unlink(path);
}

/** Only a refused connection proves that a socket is stale. */
const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });

const started = (server: Server, start: () => void): Promise<void> =>
  new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(error);
    server.once('error', fail);
    server.once('listening', () => {
      server.off('error', fail);
      resolve();
    });
    start();
  });

/** `0.0.0.0` and `::` are no address to connect to everywhere; the machine itself is. */
function nameOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Knows the open connections of a server.
 * @returns ends those that nobody is being answered on. Node's own `closeIdleConnections` leaves connections that
 *   have not yet sent a whole request, and `close` would wait for them
 */
export function trackConnections(server: Server): () => void {
  const open = new Set<Duplex>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  return () => {
    for (const socket of open) if (inHand(socket) === undefined) socket.destroy();
  };
}

/** The answer that a connection is waiting for or being sent, as Node itself keeps it (lib/_http_server.js). */
export function inHand(socket: Duplex): ServerResponse | undefined {
  const { _httpMessage: response } = socket as Duplex & { _httpMessage?: ServerResponse | null };
  return response ?? undefined;
}

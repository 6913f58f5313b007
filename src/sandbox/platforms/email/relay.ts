import { connect, createServer, type Socket } from 'node:net';

/** Connections that can be cut from outside whatever goes on inside them. */
export interface Relay {
  readonly port: number;
  /** Resets the client whose inner connection has this local port. */
  reset(innerPort: number): void;
  /** Cuts everybody and stops listening. */
  close(): Promise<void>;
}

/**
 * Passes bytes between clients and a server on a loopback port. The mail server sits behind one because destroying a
 * socket beneath a TLS handshake in progress aborts Node (seen with 24.21), and smtp-server gives no hold of the TLS
 * socket of a STARTTLS. Here both ends are plain sockets, and the server sees an ordinary disconnection.
 * @param port 0 = any free one
 */
export async function openRelay(host: string, port: number, inner: number): Promise<Relay> {
  const pairs = new Map<Socket, Socket>();
  const server = createServer((client) => {
    const upstream = connect(inner, '127.0.0.1');
    pairs.set(client, upstream);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => {});
      one.pipe(other);
      one.once('close', () => {
        // What was said before goodbye still arrives.
        other.destroySoon();
        pairs.delete(client);
      });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    reset(innerPort) {
      for (const [client, upstream] of pairs) if (upstream.localPort === innerPort) client.resetAndDestroy();
    },
    close: async () =>
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const [client, upstream] of pairs) {
          client.destroy();
          upstream.destroy();
        }
      }),
  };
}

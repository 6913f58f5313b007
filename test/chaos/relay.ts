import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';

/** Stands between a server and its database: the network, which can fail. */
export interface Relay {
  readonly port: number;
  /** Connections there are now stay open, and nothing comes through any more; new ones are fine. */
  silence(): void;
  close(): void;
}

/** @param target a local port */
export async function startRelay(target: number): Promise<Relay> {
  /** Both ends of each connection. */
  const sockets = new Set<Socket>();
  const deaf = new WeakSet<Socket>();

  function keep(socket: Socket, other: Socket): void {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('data', (data) => {
      if (!deaf.has(socket)) other.write(data);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      if (!deaf.has(socket)) other.destroy();
    });
  }

  const server = createServer((client) => {
    const database = connect(target, '127.0.0.1');
    keep(client, database);
    keep(database, client);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    silence() {
      for (const socket of sockets) deaf.add(socket);
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

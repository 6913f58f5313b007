import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { TestContext } from 'node:test';

/** Every address that this process tries to connect to while the test runs, as `address:port`. */
export function watchDials(t: Pick<TestContext, 'after'>): readonly string[] {
  const dials: string[] = [];
  const watch = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    socket.on('connectionAttempt', (address: string, port: number) => dials.push(`${address}:${port}`));
  };
  subscribe('net.client.socket', watch);
  t.after(() => unsubscribe('net.client.socket', watch));
  return dials;
}

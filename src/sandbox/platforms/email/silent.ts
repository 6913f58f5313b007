import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { SANDBOX_CERTIFICATE, SANDBOX_KEY } from '../../certificate.ts';
import type { Desk, Service, SmtpOptions } from '../../stand-in.ts';
import { openRelay } from './relay.ts';

/** A mail server that takes connections and falls silent; see `SmtpOptions.silent` for where. */
export async function listenSilent(desk: Desk, port: number, smtp: SmtpOptions): Promise<Service> {
  const mode = smtp.silent === 'connect' ? 'none' : (smtp.tls ?? 'none');
  const keep = mode === 'starttls' ? greetThenHush : hush;
  const server =
    mode === 'implicit' ? createTlsServer({ key: SANDBOX_KEY, cert: SANDBOX_CERTIFICATE }, hush) : createServer(keep);
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    socket.once('close', desk.hold());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const inner = typeof address === 'object' && address !== null ? address.port : 0;
  const stop = async (): Promise<void> => await new Promise((resolve) => void server.close(() => resolve()));
  try {
    const relay = await openRelay(desk.host, port, inner);
    const close = async (): Promise<void> => {
      await relay.close();
      await stop();
    };
    return { port: relay.port, close };
  } catch (error) {
    await stop();
    throw error;
  }
}

function hush(socket: Socket): void {
  socket.on('error', () => {});
  socket.resume();
}

/** Speaks as far as "220 Ready to start TLS"; the handshake that follows is read and never answered. */
function greetThenHush(socket: Socket): void {
  let over = false;
  socket.write('220 sandbox.localhost ESMTP\r\n');
  socket.on('data', (chunk: Buffer) => {
    const command = over ? '' : chunk.toString('latin1').slice(0, 8).toUpperCase();
    if (command.startsWith('EHLO')) socket.write('250-sandbox.localhost\r\n250 STARTTLS\r\n');
    else if (command === 'STARTTLS') {
      over = true;
      socket.write('220 Ready to start TLS\r\n');
    }
  });
}

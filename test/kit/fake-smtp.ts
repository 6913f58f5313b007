import { type Socket, createServer } from 'node:net';
import { once } from 'node:events';

/** Where in the dialogue a scripted answer is given. `END` is the final dot. */
export type Step = 'CONNECT' | 'EHLO' | 'STARTTLS' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'END';

export interface FakeSmtp {
  readonly port: number;
  /** Every line the client said, and the source of every mail. */
  readonly lines: string[];
  readonly mails: string[];
  close(): Promise<void>;
}

/**
 * An SMTP server without TLS that says what it is told to.
 * @param script answers by step, as whole lines; `''` = silence, `drop` = the connection is cut. Else all goes well.
 */
export async function fakeSmtp(
  script: Partial<Record<Step, string>> = {},
  onStep: (step: Step) => void = () => {},
): Promise<FakeSmtp> {
  const lines: string[] = [];
  const mails: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let buffer = '';
    let inBody = false;
    const answer = (step: Step, usual: string) => {
      const said = script[step] ?? usual;
      if (said === 'drop') socket.destroy();
      else if (said !== '') socket.write(`${said}\r\n`);
      onStep(step);
      return said;
    };
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.setEncoding('utf8');
    answer('CONNECT', '220 fake ESMTP');
    socket.on('data', (chunk: string) => {
      buffer += chunk;
      for (;;) {
        const end = buffer.indexOf(inBody ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + (inBody ? 5 : 2));
        if (inBody) {
          inBody = false;
          mails.push(line);
          answer('END', '250 2.0.0 Ok: queued');
          continue;
        }
        lines.push(line);
        const verb = line.split(' ')[0]!.toUpperCase();
        if (verb === 'EHLO') answer('EHLO', '250-fake\r\n250 AUTH PLAIN');
        else if (verb === 'STARTTLS') answer('STARTTLS', '502 5.5.1 not implemented');
        else if (verb === 'AUTH') answer('AUTH', '235 2.7.0 ok');
        else if (verb === 'MAIL') answer('MAIL', '250 2.1.0 ok');
        else if (verb === 'RCPT') answer('RCPT', '250 2.1.5 ok');
        else if (verb === 'DATA') inBody = answer('DATA', '354 go ahead').startsWith('3');
        else if (verb === 'QUIT') socket.end('221 bye\r\n');
        else socket.write('250 ok\r\n');
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    lines,
    mails,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

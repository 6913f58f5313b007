import type { ServerResponse } from 'node:http';
import type { Ledger, LedgerEvent, SandboxMessage } from '../ledger.ts';
import { send } from './answer.ts';

const MOST_CLIENTS = 20;
/** A client that reads more slowly than this many bytes behind is cut off; its page connects again and reloads. */
const MOST_BEHIND = 1024 * 1024;

/** Server-sent events: `message`, `refusal`, `cleared`. */
export function createLive(ledger: Pick<Ledger, 'subscribe'>) {
  const clients = new Set<ServerResponse>();
  ledger.subscribe((event) => {
    if (clients.size === 0) return;
    const text = `event: ${event.type}\ndata: ${JSON.stringify(payload(event))}\n\n`;
    for (const client of clients) {
      if (client.writableLength > MOST_BEHIND) client.destroy();
      else client.write(text);
    }
  });
  return (response: ServerResponse): void => {
    if (clients.size >= MOST_CLIENTS) return send(response, { status: 503, body: { error: '实时连接过多' } });
    clients.add(response);
    response.once('close', () => clients.delete(response));
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
    response.write('retry: 1000\n\n');
  };
}

/** A message without its raw payload and the source of its page: what a list needs. */
export function brief(message: SandboxMessage): Omit<SandboxMessage, 'raw'> {
  const { raw: _raw, mail, ...rest } = message;
  return mail === undefined ? rest : { ...rest, mail: { from: mail.from, to: mail.to } };
}

function payload(event: LedgerEvent): unknown {
  if (event.type === 'message') return brief(event.message);
  return event.type === 'refusal' ? event.refusal : {};
}

import { Client } from 'pg';
import type { Clock } from '../../model.ts';
import { connection } from './pool.ts';

/** Milliseconds before a lost connection is tried again. */
const PAUSE = 1000;

/**
 * Rings when somebody notifies the channel, and each time the connection comes back, since what was rung meanwhile was
 * not heard.
 * @param ring given what was said; undefined when the connection is back
 * @returns stops listening
 */
export function listenOn(
  url: string,
  channel: string,
  clock: Pick<Clock, 'after'>,
  ring: (said?: string) => void,
): () => void {
  let stopped = false;
  let client: Client | undefined;
  let cancel = () => {};

  async function connect(): Promise<void> {
    const mine = new Client(connection(url));
    client = mine;
    let lost = false;
    const again = () => {
      if (lost || stopped) return;
      lost = true;
      void mine.end().catch(() => {});
      cancel = clock.after(PAUSE, () => void connect());
    };
    mine.on('error', again);
    mine.on('end', again);
    mine.on('notification', ({ payload = '' }) => ring(payload));
    try {
      await mine.connect();
      await mine.query(`listen ${channel}`);
      ring();
    } catch {
      again();
    }
  }
  void connect();

  return () => {
    stopped = true;
    cancel();
    void client?.end().catch(() => {});
  };
}

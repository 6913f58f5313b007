import type { Clock, Notice } from '../model.ts';
import { noticeJson } from './notice-text.ts';
import { SinkError } from './sink-error.ts';
import { createWaitingLine, type WaitingLine } from './waiting-line.ts';

/** Sends one JSON body; follows no redirect; rejects when no answer came. */
export type Post = (url: string, body: string, signal: AbortSignal) => Promise<{ readonly status: number }>;

export interface HttpSinkOptions {
  readonly post: Post;
  readonly clock: Pick<Clock, 'after'>;
  /** The notice that stands for `count` others. */
  readonly summary: (count: number) => Notice;
  /** Told when a summary was not taken. */
  readonly failed: (summary: Notice, error: unknown) => void;
}

export interface HttpSink {
  /** True: an address took it. False: too many wait already; it will be counted in one summary. Rejects on failure. */
  write(url: string, notice: Notice): Promise<boolean>;
  /** Resolves when no summary waits. */
  idle(): Promise<void>;
  stats(): { http_waiting: number; http_in_flight: number };
}

/** Per address, so that one that hangs holds up no other. */
const IN_FLIGHT = 10;
const MOST_WAITING = 1000;
const TIMEOUT_MS = 5000;
const TIMEOUT = { en: 'no answer within 5 s', zh: '5 秒内没有应答' };

interface Address {
  readonly url: string;
  readonly line: WaitingLine;
  /** Notices that found the line full since the summary took its place in it. */
  over: number;
}

export function createHttpSink({ post, clock, summary, failed }: HttpSinkOptions): HttpSink {
  const addresses = new Map<string, Address>();
  const summaries = new Set<Promise<void>>();

  return {
    async write(url, notice) {
      const address = addressOf(url);
      const turn = address.line.enter(() => send(url, notice));
      if (turn === undefined) return count(address);
      try {
        await turn;
        return true;
      } finally {
        forget(address);
      }
    },
    async idle() {
      while (summaries.size > 0) await Promise.all(summaries);
    },
    stats() {
      const lines = [...addresses.values()].map(({ line }) => line);
      return {
        http_waiting: lines.reduce((sum, line) => sum + line.waiting(), 0),
        http_in_flight: lines.reduce((sum, line) => sum + line.inFlight(), 0),
      };
    },
  };

  function addressOf(url: string): Address {
    const known = addresses.get(url);
    if (known !== undefined) return known;
    const address = { url, line: createWaitingLine(IN_FLIGHT, MOST_WAITING), over: 0 };
    addresses.set(url, address);
    return address;
  }

  function forget(address: Address): void {
    if (address.line.inFlight() === 0) addresses.delete(address.url);
  }

  /** The summary waits at the end of the full line; whoever comes before its turn is counted in it. */
  function count(address: Address): false {
    address.over += 1;
    if (address.over > 1) return false;
    const summarised = summarise(address).finally(() => summaries.delete(summarised));
    summaries.add(summarised);
    return false;
  }

  async function summarise(address: Address): Promise<void> {
    let notice: Notice | undefined;
    try {
      await address.line.enter(() => {
        notice = summary(address.over);
        address.over = 0;
        return send(address.url, notice);
      }, true);
    } catch (error) {
      if (notice !== undefined) failed(notice, error);
    } finally {
      forget(address);
    }
  }

  async function send(url: string, notice: Notice): Promise<void> {
    const abort = new AbortController();
    const late = Promise.withResolvers<never>();
    const cancel = clock.after(TIMEOUT_MS, () => {
      late.reject(new SinkError(TIMEOUT, true));
      abort.abort();
    });
    try {
      const { status } = await Promise.race([post(url, noticeJson(notice), abort.signal), late.promise]);
      if (status < 200 || status >= 300) throw new SinkError({ en: `HTTP ${status}`, zh: `对方返回 HTTP ${status}` });
    } finally {
      cancel();
    }
  }
}

import type { Draft } from './stand-in.ts';

/** A message that a stand-in accepted. */
export interface SandboxMessage extends Draft {
  /** Numbered from 1 in order of arrival. */
  readonly id: string;
  readonly platform: string;
  /** The token or key of the bot; the mailbox of a mail. */
  readonly token: string;
  /** Unix time in milliseconds on the sandbox clock. */
  readonly at: number;
}

/** A request that a stand-in refused, or that a fault struck. */
export interface Refusal {
  readonly id: string;
  readonly platform: string;
  readonly token: string;
  readonly at: number;
  readonly code: string;
  readonly reason: string;
}

export interface Filter {
  readonly platform?: string | undefined;
  readonly token?: string | undefined;
}

export type LedgerEvent =
  | { readonly type: 'message'; readonly message: SandboxMessage }
  | { readonly type: 'refusal'; readonly refusal: Refusal }
  | { readonly type: 'cleared' };

export interface Ledger {
  keep(platform: string, token: string, draft: Draft, at: number): void;
  refuse(platform: string, token: string, code: string, reason: string, at: number): void;
  count(platform: string, token: string): void;
  /** Newest first. */
  messages(filter?: Filter): SandboxMessage[];
  message(id: string): SandboxMessage | undefined;
  refusals(): Refusal[];
  /** Requests received since the start, refused ones included. */
  requests(filter?: Filter): number;
  clear(): void;
  subscribe(listener: (event: LedgerEvent) => void): () => void;
}

/** Beyond this the oldest messages go, however few they are: bytes of raw payload. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_REFUSALS = 500;
/** Bots counted apart; the requests of further ones only count in the total. */
const MOST_COUNTED = 10_000;
/** The visible text is cut here (characters); the raw payload is kept whole. */
const LONGEST_TEXT = 100_000;

/** @param most the most messages kept; the newest stay */
export function createLedger(most: number): Ledger {
  const kept: { message: SandboxMessage; bytes: number }[] = [];
  const refused: Refusal[] = [];
  const counts = new Map<string, { platform: string; token: string; count: number }>();
  const listeners = new Set<(event: LedgerEvent) => void>();
  let last = 0;
  let bytes = 0;
  let total = 0;

  const tell = (event: LedgerEvent): void => {
    for (const listener of listeners) listener(event);
  };

  return {
    keep(platform, token, draft, at) {
      const text = draft.text.slice(0, LONGEST_TEXT);
      const message: SandboxMessage = { ...draft, text, id: String(++last), platform, token, at };
      const size = measure(draft);
      kept.push({ message, bytes: size });
      bytes += size;
      while (kept.length > most || (bytes > MOST_BYTES && kept.length > 1)) bytes -= kept.shift()!.bytes;
      tell({ type: 'message', message });
    },
    refuse(platform, token, code, reason, at) {
      const refusal: Refusal = { id: `r${++last}`, platform, token, at, code, reason };
      refused.push(refusal);
      if (refused.length > MOST_REFUSALS) refused.shift();
      tell({ type: 'refusal', refusal });
    },
    count(platform, token) {
      total += 1;
      const key = `${platform}\n${token}`;
      const entry = counts.get(key);
      if (entry !== undefined) entry.count += 1;
      else if (counts.size < MOST_COUNTED) counts.set(key, { platform, token, count: 1 });
    },
    messages: (filter = {}) =>
      kept
        .map(({ message }) => message)
        .filter(fits(filter))
        .toReversed(),
    message: (id) => kept.find(({ message }) => message.id === id)?.message,
    refusals: () => refused.toReversed(),
    requests: (filter) =>
      filter?.platform === undefined && filter?.token === undefined
        ? total
        : [...counts.values()].filter(fits(filter)).reduce((sum, { count }) => sum + count, 0),
    clear() {
      kept.length = 0;
      refused.length = 0;
      bytes = 0;
      tell({ type: 'cleared' });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

const fits = (filter: Filter) => (entry: { platform: string; token: string }) =>
  (filter.platform === undefined || entry.platform === filter.platform) &&
  (filter.token === undefined || entry.token === filter.token);

/** About how many bytes a message holds. */
function measure(draft: Draft): number {
  const raw = typeof draft.raw === 'string' ? draft.raw : JSON.stringify(draft.raw);
  return raw.length + draft.text.length + (draft.mail?.html?.length ?? 0);
}

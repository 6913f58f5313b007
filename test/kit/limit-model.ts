import type { Outcome, Rate, RateLimit } from '../../src/model.ts';

const SPANS = [
  ['per_second', 1000],
  ['per_minute', 60_000],
  ['per_hour', 3_600_000],
  ['per_day', 86_400_000],
] as const;

/** Milliseconds by which a lane may be late: a deadline's grain, and the courtesy among the lanes of an account. */
const SLACK = 300;

/** One bot, or one account, as the platform sees it: what it was sent, and when it said "too fast". */
interface Way {
  rate: RateLimit;
  readonly times: number[];
  /** Milliseconds between which nothing may come, at least; and the latest at which that is over. */
  closedFrom: number;
  closedUntil: number;
  openBy: number;
}

/** Limits as the platform keeps them, written from the promise and not from the code: what breaks them, and what sleeps. */
export function createLimitModel(options: {
  readonly rates: Readonly<Record<string, RateLimit>>;
  readonly accountRate: Rate;
  /** By bot, its account. */
  readonly accounts: Readonly<Record<string, string | undefined>>;
  readonly now: () => number;
}) {
  const { rates, now } = options;
  const accounts = new Map(Object.entries(options.accounts));
  let { accountRate } = options;
  const ways = new Map<string, Way>();

  function way(key: string, rate: RateLimit): Way {
    let found = ways.get(key);
    if (!found) ways.set(key, (found = { rate, times: [], closedFrom: Infinity, closedUntil: 0, openBy: 0 }));
    found.rate = rate;
    return found;
  }

  /** That of the bot, which is another one when its account changes, and that of its account. */
  function waysOf(bot: string) {
    const account = accounts.get(bot);
    const own = way(`${bot} ${account}`, rates[bot] ?? 'off');
    return { own, shared: account === undefined ? undefined : way(account, accountRate) };
  }

  return {
    move: (bot: string, account: string | undefined) => void accounts.set(bot, account),
    relimit: (rate: Rate) => void (accountRate = rate),

    /** A request came. @returns what is wrong with that, and what to call when it is answered in time */
    sent(bot: string): { faults: string[]; answered: (outcome: Outcome) => void } {
      const { own, shared } = waysOf(bot);
      const faults: string[] = [];
      for (const one of shared ? [own, shared] : [own]) {
        const word = `${one === own ? 'its own' : 'the shared'} limit of ${bot}`;
        one.times.push(now());
        if (now() > one.closedFrom && now() < one.closedUntil) faults.push(`${word} broken: closed at ${now()}`);
        for (const [span, ms] of SPANS) {
          const most = one.rate === 'off' ? undefined : one.rate[span];
          if (most !== undefined && one.times.filter((t) => t > now() - ms).length > most)
            faults.push(`${word} broken: ${span} at ${now()}`);
        }
      }
      return {
        faults,
        answered(outcome) {
          if (outcome.ok || outcome.kind !== 'rate_limited') return;
          const closed = outcome.account ? (shared ?? own) : own;
          const longest = outcome.quota ? 32 * 86_400 : 3600;
          const stated =
            outcome.retry_after === undefined ? undefined : Math.max(1, Math.min(longest, outcome.retry_after));
          if (now() >= closed.closedUntil) closed.closedFrom = now();
          // A time that is not stated is doubled from 60 s to 600 s, but not during a pause.
          const least = stated ?? (now() >= closed.closedUntil ? 60 : 0);
          closed.closedUntil = Math.max(closed.closedUntil, now() + least * 1000);
          closed.openBy = Math.max(closed.openBy, now() + (stated ?? 600) * 1000);
        },
      };
    },

    /** Whether a message to this bot that is not urgent could have left a moment ago. */
    isFree(bot: string): boolean {
      const then = now() - SLACK;
      const { own, shared } = waysOf(bot);
      return (shared ? [own, shared] : [own]).every(
        ({ rate, times, openBy }) =>
          openBy < then &&
          SPANS.every(([span, ms]) => {
            const most = rate === 'off' ? undefined : rate[span];
            if (most === undefined) return true;
            const reserve = ms >= 60_000 && most >= 5 ? Math.ceil(most / 10) : 0;
            return times.filter((t) => t > then - ms).length < most - reserve;
          }),
      );
    },
  };
}

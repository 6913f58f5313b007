import type { Channel } from '../channel/channel.ts';
import type { Rate, RateLimit, Recipient, Target } from '../model.ts';

/** The limit of each lane: a target's own over the channel's default, and of equal bots under two aliases the strictest. */
export const strictestRates = (recipients: Iterable<Recipient>, channels: ReadonlyMap<string, Channel>) =>
  strictest(recipients, channels, (target, { limits }) => ({
    key: target.lane,
    standard: limits.rate,
    own: target.rate_limit,
  }));

/** The limit of each account, made likewise. */
export const strictestAccountRates = (recipients: Iterable<Recipient>, channels: ReadonlyMap<string, Channel>) =>
  strictest(recipients, channels, (target, { account }) =>
    account === undefined || target.account === undefined
      ? undefined
      : { key: target.account, standard: account.rate, own: target.account_rate_limit },
  );

interface Claim {
  readonly key: string;
  readonly standard: RateLimit;
  readonly own: RateLimit | undefined;
}

function strictest(
  recipients: Iterable<Recipient>,
  channels: ReadonlyMap<string, Channel>,
  claimOf: (target: Target, channel: Channel) => Claim | undefined,
): Map<string, RateLimit> {
  const rates = new Map<string, RateLimit>();
  for (const { groups } of recipients) {
    for (const target of groups.flatMap((group) => group.targets)) {
      const channel = channels.get(target.platform);
      const claim = channel === undefined || !target.enabled ? undefined : claimOf(target, channel);
      if (claim === undefined) continue;
      const { key, standard, own } = claim;
      const rate =
        own === 'off' || own === undefined || standard === 'off' ? (own ?? standard) : { ...standard, ...own };
      const other = rates.get(key);
      rates.set(key, other === undefined ? rate : stricter(rate, other));
    }
  }
  return rates;
}

const SPANS = ['per_second', 'per_minute', 'per_hour', 'per_day'] as const;

function stricter(a: RateLimit, b: RateLimit): RateLimit {
  if (a === 'off') return b;
  if (b === 'off') return a;
  const rate: { -readonly [span in keyof Rate]: Rate[span] } = { ...b };
  for (const span of SPANS) {
    const least = Math.min(a[span] ?? Infinity, b[span] ?? Infinity);
    if (least < Infinity) rate[span] = least;
  }
  return rate;
}

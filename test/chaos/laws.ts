import { BOTS, type Bot } from './bots.ts';
import type { Fate } from './caller.ts';
import type { Arrival } from './record.ts';
import type { InFlight } from './stored.ts';
import type { Death, TaskView, World } from './world.ts';

/** What a run has come to, when everything is over. */
export interface Evidence {
  readonly fates: readonly Fate[];
  /** The end of each accepted task, by id, as a living server tells it. */
  readonly tasks: ReadonlyMap<string, TaskView>;
  /** How many notices each task has. */
  readonly notices: ReadonlyMap<string, number>;
  readonly arrivals: readonly Arrival[];
  readonly refusals: World['record']['refusals'];
  readonly deaths: readonly Death[];
  /** Most servers that were alive at once. */
  readonly replicas: number;
  /** What the last audit of the server has found. */
  readonly unaccounted: number;
}

export interface Figures {
  readonly pushes: number;
  readonly accepted: number;
  readonly unclear: number;
  readonly refused: number;
  readonly messages: number;
  readonly failed: number;
  readonly deaths: number;
  readonly in_flight: number;
  readonly duplicates: number;
}

/** Judges a run. Nothing broken: an empty list. */
export function judge(evidence: Evidence): { broken: string[]; figures: Figures } {
  const { fates, tasks, arrivals, deaths } = evidence;
  const twice = sentTwice(evidence);
  const inFlight = deaths.flatMap((death) => death.inFlight);
  const broken = [
    ...unfinished(evidence),
    ...lost(evidence),
    ...twice.broken,
    ...overLimit(evidence),
    ...repeated(evidence),
    ...refusedAndSent(evidence),
    ...(evidence.unaccounted === 0 ? [] : [`the audit found ${evidence.unaccounted} tasks without an owner`]),
  ];
  const count = (of: (fate: Fate) => boolean) => fates.filter(of).length;
  return {
    broken,
    figures: {
      pushes: fates.length,
      accepted: count(({ task_ids }) => task_ids.size > 0),
      unclear: count(({ task_ids, unclear }) => task_ids.size === 0 && unclear > 0),
      refused: count(({ task_ids, refused, unclear }) => task_ids.size === 0 && refused > 0 && unclear === 0),
      messages: arrivals.length,
      failed: [...tasks.values()].filter(({ status }) => status === 'failed').length,
      deaths: deaths.length,
      in_flight: inFlight.length,
      duplicates: twice.duplicates,
    },
  };
}

/** Law 1: every push answered 200 reached a terminal state. */
function unfinished({ fates, tasks }: Evidence): string[] {
  return fates.flatMap(({ order, task_ids }) =>
    [...task_ids].flatMap((id) => {
      const status = tasks.get(id)?.status ?? 'unknown';
      return status === 'completed' || status === 'failed' ? [] : [`${order.title} (${id}) is ${status}`];
    }),
  );
}

/** Law 2: each was delivered to whom its results say, whole, or has one notice. */
function lost({ tasks, notices, arrivals }: Evidence): string[] {
  const received = new Set(arrivals.flatMap((one) => one.titles.map((title) => `${one.bot} ${title}`)));
  /** Of messages in parts, those that have not come. */
  const parts = new Map<string, Set<number>>();
  for (const { bot, titles, part, parts: all } of arrivals) {
    if (all === 1 || titles.length !== 1) continue;
    const key = `${bot} ${titles[0]}`;
    const missing = parts.get(key) ?? new Set(Array.from({ length: all }, (_, i) => i + 1));
    missing.delete(part);
    parts.set(key, missing);
  }
  return [...tasks.values()].flatMap(({ task_id, status, title, results }) => {
    const raised = notices.get(task_id) ?? 0;
    const reached = results.filter((result) => result.status === 'success');
    const absent = reached.filter(({ platform, webhook }) => {
      const key = `${platform}/${webhook} ${title}`;
      return !received.has(key) || (parts.get(key)?.size ?? 0) > 0;
    });
    return [
      ...absent.map(({ platform, webhook }) => `${title} has not arrived whole at ${platform}/${webhook}`),
      ...(status === 'completed' && reached.length === 0 ? [`${title} is completed, but reached nobody`] : []),
      ...(status === 'failed' && raised !== 1 ? [`${title} (${task_id}) failed and has ${raised} notices`] : []),
    ];
  });
}

/**
 * Law 3: what a bot has received twice was in flight when a server died between the two, and an attempt that was in flight
 * is repeated once: a digest as one message.
 */
function sentTwice({ arrivals, deaths }: Evidence): { broken: string[]; duplicates: number } {
  const seen = new Map<string, Arrival>();
  const repeats = new Map<InFlight, Set<Arrival>>();
  const duplicates = new Set<Arrival>();
  const broken: string[] = [];
  for (const message of arrivals) {
    for (const title of message.titles) {
      const key = `${title} at ${message.bot}${message.parts === 1 ? '' : `, part ${message.part}`}`;
      const before = seen.get(key);
      seen.set(key, message);
      if (before === undefined) continue;
      duplicates.add(message);
      const cause = deaths
        .filter(({ at }) => before.at <= at && at <= message.at)
        .flatMap(({ inFlight }) => inFlight.filter((attempt) => explains(attempt, title, message)))
        .at(-1);
      if (cause === undefined)
        broken.push(
          `${key} was sent twice, and was not in flight when a server died: ${story(before, message, deaths)}`,
        );
      else repeats.set(cause, (repeats.get(cause) ?? new Set()).add(message));
    }
  }
  for (const [{ id, bot }, { size }] of repeats)
    if (size > 1) broken.push(`attempt ${id} at ${bot} was in flight once, and has been repeated by ${size} messages`);
  return { broken, duplicates: duplicates.size };
}

function story(before: Arrival, message: Arrival, deaths: readonly Death[]): string {
  const at = (when: { readonly at: number }) => `${Math.round(when.at)} ms`;
  return `${at(before)} and ${at(message)}; deaths at ${deaths.map((death) => `${at(death)} with ${death.inFlight.length}`).join(', ')}`;
}

const explains = ({ bot, titles, part }: InFlight, title: string, message: Arrival): boolean =>
  bot === message.bot && titles.includes(title) && (message.parts === 1 || titles.length > 1 || part === message.part);

/**
 * Law 4: no window of a bot is overrun, and no throttle answer provoked. A send is counted a moment before it leaves,
 * and a lane sends one at a time: of each server at most one arrives late enough to fall among those that come a window
 * later.
 */
function overLimit({ arrivals, refusals, replicas }: Evidence): string[] {
  const over = (Object.values(BOTS) as Bot[]).flatMap(({ platform, name, windows }) => {
    const times = arrivals.flatMap(({ bot, at }) => (bot === `${platform}/${name}` ? [at] : []));
    return windows.flatMap(({ most, ms }) => {
      const most_at_once = most + replicas;
      const i = times.findIndex((at, first) => (times[first + most_at_once] ?? Infinity) < at + ms);
      return i === -1 ? [] : [`${platform}/${name} got more than ${most_at_once} messages within ${ms} ms`];
    });
  });
  return [...over, ...refusals.map(({ platform, token, code, reason }) => `${platform}/${token}: ${code} ${reason}`)];
}

/** Law 5: a push repeated under its idempotency key is one task. */
function repeated({ fates }: Evidence): string[] {
  return fates.flatMap(({ order, task_ids }) =>
    task_ids.size > 1 ? [`${order.title} became ${task_ids.size} tasks: ${[...task_ids].join(', ')}`] : [],
  );
}

/** Law 6: of what was refused nothing was sent. */
function refusedAndSent({ fates, arrivals }: Evidence): string[] {
  const received = new Set(arrivals.flatMap(({ titles }) => titles));
  return fates.flatMap(({ order, task_ids, refused, unclear }) =>
    task_ids.size === 0 && unclear === 0 && refused > 0 && received.has(order.title)
      ? [`${order.title} was refused and has been sent`]
      : [],
  );
}

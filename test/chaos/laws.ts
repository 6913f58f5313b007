import { BOTS, type Bot } from './bots.ts';
import type { Fate } from './caller.ts';
import type { Arrival } from './record.ts';
import type { InFlight } from './stored.ts';
import type { Death, Loss, TaskView, World } from './world.ts';

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
  /** What servers had in flight that died, or that lost a task to another one. */
  readonly losses: readonly Loss[];
  /** Most servers that were alive at once. */
  readonly replicas: number;
  /** What the last audit of the server has found. */
  readonly unaccounted: number;
  readonly crashes: readonly string[];
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
  const { fates, tasks, arrivals, deaths, losses } = evidence;
  const twice = sentTwice(evidence);
  const inFlight = losses.flatMap((loss) => loss.inFlight);
  const broken = [
    ...unfinished(evidence),
    ...lost(evidence),
    ...twice.broken,
    ...overLimit(evidence),
    ...repeated(evidence),
    ...refusedAndSent(evidence),
    ...evidence.crashes,
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
 * Law 3: what a bot has received twice was in flight when a server died between the two, or lost the task, and an attempt
 * that was in flight is repeated once: a digest as one message.
 */
function sentTwice({ arrivals, losses }: Evidence): { broken: string[]; duplicates: number } {
  const seen = new Map<string, Arrival>();
  /** By the attempt that was in flight: the message that has repeated it. */
  const repeats = new Map<InFlight, Arrival>();
  const duplicates = new Set<Arrival>();
  const broken: string[] = [];
  for (const message of arrivals) {
    for (const title of message.titles) {
      const key = `${title} at ${message.bot}${message.parts === 1 ? '' : `, part ${message.part}`}`;
      const before = seen.get(key);
      seen.set(key, message);
      if (before === undefined) continue;
      duplicates.add(message);
      const causes = losses
        .filter(({ from, until }) => before.at <= until && from <= message.at)
        .flatMap(({ inFlight }) => inFlight.filter((attempt) => explains(attempt, title, message)));
      const cause = causes.findLast((attempt) => (repeats.get(attempt) ?? message) === message);
      if (cause) repeats.set(cause, message);
      else broken.push(`${key} was sent twice, and ${WHY(causes)}: ${story(before, message, losses)}`);
    }
  }
  return { broken, duplicates: duplicates.size };
}

const WHY = ({ length }: readonly InFlight[]) =>
  length === 0 ? 'was not in flight when a server died or lost it' : `was in flight ${length} times, each repeated`;

function story(before: Arrival, message: Arrival, losses: readonly Loss[]): string {
  const some = losses
    .filter(({ inFlight }) => inFlight.length > 0)
    .map(({ from, inFlight }) => `${Math.round(from)} ms with ${inFlight.length}`);
  return `at ${Math.round(before.at)} and ${Math.round(message.at)} ms; losses at ${some.join(', ')}`;
}

const explains = ({ bot, titles, part }: InFlight, title: string, message: Arrival): boolean =>
  bot === message.bot && titles.includes(title) && (message.parts === 1 || titles.length > 1 || part === message.part);

/**
 * Law 4: no window of a bot is overrun, and no throttle answer provoked. A send is counted a moment before it leaves,
 * and a lane sends one at a time: of each server at most one arrives late enough to fall among those that come a window
 * later. Where the platform leaves room for one such only, two servers may get an answer that says so.
 */
function overLimit({ arrivals, refusals, replicas }: Evidence): string[] {
  const limited = (Object.values(BOTS) as Bot[]).filter(({ windows }) => windows.length > 0);
  const over = limited.flatMap(({ platform, name, windows }) => {
    const sends = [...arrivals, ...refusals].filter(({ bot }) => bot === `${platform}/${name}`);
    const times = sends.map(({ at }) => at).toSorted((a, b) => a - b);
    return windows.flatMap(({ most, ms }) => {
      const most_at_once = most + replicas;
      const i = times.findIndex((at, first) => (times[first + most_at_once] ?? Infinity) < at + ms);
      return i === -1 ? [] : [`${platform}/${name} got more than ${most_at_once} messages within ${ms} ms`];
    });
  });
  const names = new Set(limited.map(({ platform, name }) => `${platform}/${name}`));
  const provoked = refusals.filter(({ bot }) => replicas === 1 || !names.has(bot));
  return [...over, ...provoked.map(({ bot, answer }) => `${bot}: ${answer}`)];
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

import { v7 as uuid } from 'uuid';
import { type App, createApp } from '../app.ts';
import type { Channel } from '../channel/channel.ts';
import { systemClock } from '../clock.ts';
import { type Config, environment, findTarget, loadConfig } from '../config.ts';
import { loadCatalogue } from '../config/channels.ts';
import { readText } from '../config/file.ts';
import type { Leg, Message, Recipient, Remedy, Result, Send, Target, Task } from '../model.ts';
import { brokenLines } from './broken-lines.ts';
import { CommandError } from './fault.ts';
import { paint } from './paint.ts';
import { reasonOf } from './results.ts';
import { say } from './say.ts';
import { table } from './table.ts';

export interface TrialOptions {
  readonly config: string;
  /** Only this one; absent: every alias. */
  readonly alias?: string | undefined;
  readonly platform?: string | undefined;
}

/** Seconds for everything, the turns in a lane included. */
const LONGEST_TEST = 120;

/**
 * Sends one test message to each enabled target, once and inside its limits, and prints how each took it. Records no
 * task, raises no notice and writes no log.
 * @returns whether all of them took it
 * @throws ConfigError; CommandError when there is nothing to test
 */
export async function tryTargets({ config: file, alias, platform }: TrialOptions): Promise<boolean> {
  const { channels, broken } = await loadCatalogue(readText(file), { file, env: environment() });
  const config = testing(loadConfig({ file, env: environment(), channels }));
  const chosen = choose(config, channels, { alias, platform });
  const app = await createApp({ config, channels, clock: systemClock });
  const tried = await tryAll(app, config, chosen);
  await app.stop().done;
  say(...resultLines(tried), ...(broken.length === 0 ? [] : ['', ...brokenLines(broken)]));
  const failed = tried.filter((one) => one.status !== 'success').length;
  say('', `${tried.length - failed} of ${tried.length} targets took the message`);
  return failed === 0;
}

interface Tried {
  readonly alias: string;
  readonly platform: string;
  readonly target: string;
  readonly status: string;
  readonly reason: string;
  /** One line per language. */
  readonly remedy: readonly string[];
  readonly ms: number;
}

/**
 * One try each: a test is for the person who waits for it. The log of a server that runs beside belongs to that
 * server's user; here only a crash is worth a line.
 */
function testing(config: Config): Config {
  return {
    ...config,
    retry: { ...config.retry, attempts: 1 },
    // It records nothing; and the server that runs beside it has its file to itself.
    store: { ...config.store, driver: 'memory' },
    // The same bot under many aliases is tried for each of them.
    digest: { ...config.digest, enabled: false },
    log: { ...config.log, output: 'stdout', format: 'text', level: 'error' },
  };
}

function choose(
  config: Config,
  channels: ReadonlyMap<string, Channel>,
  { alias, platform }: { alias: string | undefined; platform: string | undefined },
): Target[] {
  const known = [...config.recipients.keys()];
  if (alias !== undefined && !config.recipients.has(alias))
    throw new CommandError(`there is no alias "${alias}"; there are: ${known.join(', ') || 'none'}`);
  if (platform !== undefined && platform !== 'system' && !channels.has(platform))
    throw new CommandError(
      `there is no platform "${platform}"; there are: ${[...channels.keys(), 'system'].join(', ')}`,
    );
  const recipients = [...config.recipients.values()].filter((one) => alias === undefined || one.alias === alias);
  const targets = recipients.flatMap((recipient) => enabledTargets(recipient, platform));
  if (targets.length === 0) throw new CommandError('there is no enabled target to test');
  return targets;
}

function enabledTargets({ groups }: Recipient, platform: string | undefined): Target[] {
  return groups
    .filter((group) => group.enabled && (platform === undefined || group.platform === platform))
    .flatMap((group) => group.targets.filter((target) => target.enabled));
}

/** Sends to all at once; each lane keeps its own order and limits. */
async function tryAll(app: App, config: Config, targets: readonly Target[]): Promise<Tried[]> {
  const throttled = new Set<string>();
  const remedies = new Map<Target, Remedy>();
  const started = targets.map((target) => {
    const task = taskFor(target);
    const life = { isOver: () => keysOf(target).some((key) => throttled.has(key)), arrivedLate: () => {} };
    return { target, task, leg: app.deliver(task, task.plan, { stay: 'deadline' }, life) };
  });
  app.events.on('attempted', ({ alias, platform, target: name, outcome }) => {
    const target = findTarget(config, alias, platform, name)!;
    if (outcome.ok) return;
    if (outcome.remedy !== undefined) remedies.set(target, outcome.remedy);
    if (outcome.kind !== 'rate_limited') return;
    // A throttle answer is a result here: nobody waits ten minutes for a test. Others behind it were never sent.
    const key = (outcome.account && target.account) || target.lane;
    throttled.add(key);
    for (const one of started)
      if (one.target !== target && keysOf(one.target).includes(key))
        one.leg.expire(key === target.lane ? '同一机器人限流中，未发送' : '同一账号限流中，未发送', false);
  });
  const cancel = systemClock.after(LONGEST_TEST * 1000, () => {
    for (const { leg } of started) leg.expire(`测试在 ${LONGEST_TEST} 秒内未完成`, true);
  });
  const tried = await Promise.all(
    started.map(({ target, task, leg }) => triedOf(target, task, leg, () => remedies.get(target))),
  );
  cancel();
  return tried;
}

/** What a throttle answer may close: the lane of a target, or its whole account. */
const keysOf = ({ lane, account }: Target): string[] => (account === undefined ? [lane] : [lane, account]);

async function triedOf(
  { alias, platform, name }: Target,
  task: Task,
  leg: Leg,
  remedy: () => Remedy | undefined,
): Promise<Tried> {
  await new Promise((resolve) => leg.onEnd(resolve));
  const result: Pick<Result, 'status' | 'message'> & Partial<Result> = task.results[0] ?? UNTRIED;
  const { status, latency_ms = 0, remedy: stated = '' } = result;
  const { zh = stated, en = '' } = remedy() ?? {};
  const words = status === 'success' ? [] : [zh, en].filter((line) => line !== '');
  return { alias, platform, target: name, status, reason: reasonOf(result), remedy: words, ms: latency_ms };
}

const UNTRIED = { status: 'failed', message: '' } as const;

const MESSAGE: Message = {
  title: 'PushServer 测试消息',
  body: '这是一条测试消息，收到即表示该通道配置正确。\nThis is a test: if you can read it, this target works.',
  level: 'info',
  style: 'text',
  format: 'text',
};

/** A task that no store has seen. */
function taskFor({ alias, platform, name }: Target): Task & { readonly plan: Send } {
  const now = systemClock.now();
  return {
    id: uuid(),
    alias,
    recipient: alias,
    strategy: 'platform',
    platform,
    message: MESSAGE,
    priority: 5,
    plan: { op: 'send', leaf: 0, platform, target: name },
    copies: [],
    line: '',
    created_at: now,
    deadline: now + LONGEST_TEST * 1000,
    updated_at: now,
    status: 'processing',
    results: [],
  };
}

/** The table, and below it each remedy once: a broken network is one remedy for every row. */
function resultLines(tried: readonly Tried[]): string[] {
  const remedies = [...new Set(tried.map(({ remedy }) => remedy.join('\n')))].filter((words) => words !== '');
  const noteOf = ({ remedy }: Tried) => (remedy.length === 0 ? '' : `[${remedies.indexOf(remedy.join('\n')) + 1}]`);
  const head = ['alias', 'platform', 'target', 'result', 'ms', 'remedy', 'reason'];
  const rows = tried.map((one) => {
    const { alias, platform, target, status, ms, reason } = one;
    const result = status === 'success' ? paint('good', 'ok') : paint('bad', status);
    return [alias, platform, target, result, String(Math.round(ms)), noteOf(one), reason];
  });
  const notes = remedies.map((words, i) => words.split('\n').map((line, n) => [n === 0 ? `[${i + 1}]` : '', line]));
  return [
    ...table([head.map((word) => paint('quiet', word)), ...rows]),
    ...notes.flatMap((note) => ['', ...table(note)]),
  ];
}

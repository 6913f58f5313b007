import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Outcome, Plan, Rate, RateLimit, Target, Task } from '../../src/model.ts';
import { outcomeOf } from '../../src/strategy/outcome.ts';
import { createLimitModel } from '../kit/limit-model.ts';
import { OK, type Reply, createRig, fail } from '../kit/rig.ts';

/** Fixed, so that a failure is the same everywhere; change it to look for more. */
const SEED = 20_260_101;
const RUNS = 500;

interface Answer {
  kind: string;
  delay: number;
  after?: number | undefined;
}
const answer: fc.Arbitrary<Answer> = fc.record({
  kind: fc.oneof(
    { weight: 6, arbitrary: fc.constant('ok') },
    {
      weight: 4,
      arbitrary: fc.constantFrom('invalid', 'unavailable', 'unknown', 'unauthorized', 'rate_limited', 'rate_limited'),
    },
    { weight: 3, arbitrary: fc.constantFrom('account', 'quota', 'malformed', 'malformed', 'partly', 'follow_up') },
  ),
  // up to 10 s: in time; up to 20 s: late; beyond: never heard
  delay: fc.oneof(
    { weight: 5, arbitrary: fc.constant(0) },
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 30_000 }) },
  ),
  after: fc.option(fc.integer({ min: 1, max: 1500 }), { nil: undefined }),
});
const rate: fc.Arbitrary<RateLimit> = fc.oneof(
  fc.constant('off' as const),
  fc.record({ per_minute: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ per_second: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ per_second: fc.integer({ min: 1, max: 3 }), per_minute: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ per_minute: fc.integer({ min: 1, max: 20 }), per_hour: fc.integer({ min: 1, max: 40 }) }),
);
const accountRate: fc.Arbitrary<Rate> = fc.oneof(
  fc.constant({}),
  fc.record({ per_second: fc.integer({ min: 1, max: 5 }), per_minute: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ per_minute: fc.integer({ min: 1, max: 20 }), per_day: fc.integer({ min: 5, max: 60 }) }),
);
const account = fc.constantFrom('x', 'x', 'y', undefined);

/** What a bot answers at last; a follow-up that hangs has a success to add to. */
function outcomeOfAnswer({ kind, after }: Answer): Outcome {
  const more = after === undefined ? {} : { retry_after: after };
  if (kind === 'ok') return OK;
  if (kind === 'follow_up') return { ok: true, note: '加急未得到答复' };
  if (kind === 'partly') return { ok: true, refused: [{ recipient: 'u***', message: '不存在' }] };
  if (kind === 'account') return fail('rate_limited', { ...more, account: true });
  if (kind === 'quota') return fail('rate_limited', { retry_after: (after ?? 1) * 100, quota: true, account: true });
  if (kind === 'malformed') return fail('invalid', { as_text: true });
  return fail(kind as 'invalid', more);
}
const BOTS = ['p1', 'p2', 'p3', 'q1', 'q2', 'r1'] as const;
const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      op: fc.constant('push' as const),
      alias: fc.integer({ min: 0, max: 1 }),
      strategy: fc.constantFrom('all', 'failover', 'webhook_failover', 'mixed'),
      type: fc.constantFrom('info', 'warning', 'error'),
      size: fc.oneof({ weight: 3, arbitrary: fc.constant(5) }, fc.integer({ min: 1, max: 900 })),
      mention: fc.boolean(),
      style: fc.constantFrom('text', 'card'),
      expires_in: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
      times: fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 12 })),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('pass' as const),
      ms: fc.oneof(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 0, max: 70_000 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('toggle' as const),
      alias: fc.integer({ min: 0, max: 1 }),
      bot: fc.constantFrom(...BOTS),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('move' as const), bot: fc.constantFrom(...BOTS), account }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('relimit' as const), times: fc.integer({ min: 1, max: 4 }) }) },
);
const scenario = fc.record({
  groups: fc.tuple(
    ...[0, 1].map(() =>
      fc.record({
        p: fc.subarray(['p1', 'p2', 'p3'], { minLength: 1 }),
        q: fc.subarray(['q1', 'q2']),
        r: fc.subarray(['r1']),
      }),
    ),
  ),
  rates: fc.tuple(rate, rate, rate, rate, rate, rate),
  accounts: fc.tuple(account, account, account, account, account, account),
  account_rate: accountRate,
  scripts: fc.tuple(...BOTS.map(() => fc.array(answer, { maxLength: 12 }))),
  idempotent: fc.boolean(),
  patience: fc.integer({ min: 0, max: 10 }),
  worker_count: fc.integer({ min: 1, max: 6 }),
  per_platform: fc.integer({ min: 1, max: 4 }),
  threshold: fc.integer({ min: 1, max: 4 }),
  max_items: fc.integer({ min: 1, max: 6 }),
  digest: fc.boolean(),
  steps: fc.array(step, { minLength: 1, maxLength: 25 }),
  end: fc.constantFrom('run', 'drain', 'hurry'),
});

const idsIn = (text: string) => [...text.matchAll(/<(\d+)>/g)].map((m) => Number(m[1]));

test('whatever happens, the invariants hold', async () => {
  await fc.assert(
    fc.asyncProperty(scenario, async (s) => {
      const recipients = Object.fromEntries(
        s.groups.map((g, i) => [`a${i}`, Object.fromEntries(Object.entries(g).filter(([, l]) => l.length > 0))]),
      );
      const rates = Object.fromEntries(BOTS.map((b, i) => [b, s.rates[i]!]));
      const accounts = Object.fromEntries(BOTS.map((b, i) => [b, s.accounts[i]]));
      const rig = createRig({
        recipients,
        rates,
        account: { rate: s.account_rate, of: accounts },
        idempotent: s.idempotent,
        limits: { size: [{ of: 'text', max: 400, unit: 'chars' }] },
        settings: {
          queue: {
            failover_patience: s.patience,
            worker_count: s.worker_count,
            max_concurrent_per_platform: s.per_platform,
          },
          digest: { enabled: s.digest, threshold: s.threshold, max_items: s.max_items },
        },
      });
      const problems: string[] = [];
      const tasks: Task[] = [];
      const at = () => rig.clock.monotonic();
      const by = new Map<string, Task>();
      const taskOf = (n: number) => tasks[n]!;
      // what the platform took: bot -> task number -> parts
      const taken = new Map<string, number>();
      const finishedAt = new Map<string, number>();
      const limits = createLimitModel({ rates, accountRate: s.account_rate, accounts, now: at });
      // task number and bot -> requests that a throttle answer does not undo; not known where a digest had parts
      const tried = new Map<string, number>();
      let busyUntil = 0;
      rig.events.on('crashed', (e) => problems.push(`crashed ${e.where} ${String((e.error as Error).stack)}`));
      rig.events.on('finished', ({ task }) => {
        if (finishedAt.has(task.id)) problems.push('finished twice');
        finishedAt.set(task.id, at());
        const o = outcomeOf(task.plan, task.results);
        if (s.end !== 'hurry' && o !== task.outcome) problems.push(`outcome ${task.outcome} but results say ${o}`);
        if (s.end !== 'hurry' && (task.status === 'failed') !== (o === 'failed')) problems.push('status');
        for (const r of task.results)
          if (r?.status === 'processing') problems.push(`terminal with processing ${r.webhook}`);
        for (const r of task.results) {
          if (r && r.paused_until > 0 && (r.reason !== 'rate_limited' || r.paused_until <= r.timestamp))
            problems.push(`closed until then? ${JSON.stringify(r)}`);
          const neverSent = r?.message === '已超过任务时限' && r.attempts === 0;
          if (neverSent && busyUntil < at() - 300 && limits.isFree(r.webhook))
            problems.push(`the lane of ${r.webhook} slept: ${task.message.title} at ${at()}`);
        }
        if (at() > task.deadline - task.created_at + (task.created_at - Date.UTC(2026, 0, 1)) + 250 + 10_000 + 300)
          problems.push(`ended at ${at()} long after deadline ${task.deadline - Date.UTC(2026, 0, 1)}`);
      });
      const reachedBranch = (plan: Plan, task: Task) => outcomeOf(plan, task.results) !== 'failed';
      const leafIn = (plan: Plan, bot: string): boolean =>
        plan.op === 'send' ? plan.target === bot : plan.branches.some((b) => leafIn(b, bot));
      /** A first in which another branch than the bot's has reached somebody. */
      const needless = (plan: Plan, task: Task, bot: string): boolean => {
        if (plan.op === 'send') return false;
        const mine = plan.branches.find((b) => leafIn(b, bot));
        if (!mine) return false;
        if (plan.op === 'first' && plan.branches.some((b) => b !== mine && reachedBranch(b, task))) return true;
        return needless(mine, task, bot);
      };
      const started = new Map<string, number>(); // `${n} ${bot}` -> requests
      BOTS.forEach((bot, i) => {
        const script = s.scripts[i]!;
        rig.script(bot, (n, io): Reply => {
          const { message } = rig.sent.at(-1)!;
          const now = at();
          const { faults, answered } = limits.sent(bot);
          problems.push(...faults);
          const text = `${message.title}\n${message.body}`;
          const ids = [...new Set(idsIn(text))];
          if (ids.length === 0) problems.push(`no id in ${text}`);
          const part = /\((\d+)\/\d+\)/.exec(message.title)?.[1] ?? '1';
          const isDigest = message.title.startsWith('合并通知');
          for (const id of ids) {
            const task = taskOf(id);
            const key = `${id} ${bot}`;
            if (isDigest && (task.priority >= 8 || task.message.mentions))
              problems.push(`folded urgent or mention ${id}`);
            const began = started.has(key);
            started.set(key, (started.get(key) ?? 0) + 1);
            if (
              taken.has(`${key} ${isDigest ? 'd' : part}`) &&
              !isDigest &&
              !(s.idempotent && /\(\d+\/\d+\)/.test(message.title))
            )
              problems.push(`sent again to ${bot}: task ${id} part ${part} at ${now}`);
            if (isDigest && [...taken.keys()].some((k) => k.startsWith(`${key} `)) && !(Number(part) > 1))
              problems.push(`sent again in digest to ${bot}: task ${id} at ${now}`);
            if (task.completed_at !== undefined && !isDigest) problems.push(`sent after the end: task ${id} ${bot}`);
            if (
              Number(part) === 1 &&
              !(isDigest && message.title.includes('/')) &&
              task.plan &&
              needless(task.plan, task, bot)
            )
              problems.push(`needless: task ${id} to ${bot} at ${now} began=${began}`);
            if (!isDigest && now > task.deadline - Date.UTC(2026, 0, 1) + 250)
              problems.push(`sent after deadline ${id}`);
          }
          const a = script[n - 1] ?? { kind: 'ok', delay: 0 };
          const outcome = outcomeOfAnswer(a);
          const hangs = a.kind === 'follow_up';
          const inTime = a.delay <= 10_000;
          busyUntil = Math.max(busyUntil, now + (inTime && !hangs ? a.delay : 10_000));
          const isThrottle = !outcome.ok && outcome.kind === 'rate_limited';
          for (const id of ids) {
            const more = isDigest && message.title.includes('/') ? NaN : inTime && isThrottle ? 0 : 1;
            tried.set(`${id} ${bot}`, (tried.get(`${id} ${bot}`) ?? 0) + more);
          }
          const accept = () => {
            if (inTime) answered(outcome);
            if (hangs && outcome.ok) io.accepted(outcome);
            if (outcome.ok) for (const id of ids) taken.set(`${id} ${bot} ${isDigest ? 'd' : part}`, at());
          };
          if (a.delay === 0) {
            accept();
            return hangs ? new Promise(() => {}) : outcome;
          }
          if (a.delay >= 20_000) return new Promise(() => {});
          return new Promise((resolve) =>
            rig.clock.after(a.delay, () => {
              accept();
              if (!hangs) resolve(outcome);
            }),
          );
        });
      });
      const reload = (alias: string, change: (target: Target) => Target) => {
        const old = rig.recipients.get(alias)!;
        rig.recipients.set(alias, {
          ...old,
          groups: old.groups.map((g) => ({ ...g, targets: g.targets.map(change) })),
        });
      };
      const inEach = (change: (target: Target) => Target) => {
        for (const alias of rig.recipients.keys()) reload(alias, change);
        rig.delivery.reload();
      };
      for (const st of s.steps) {
        for (const r of tasks.flatMap((task) => (task.completed_at === undefined ? task.results : [])))
          if (r?.status === 'processing' && r.paused_until > Date.UTC(2026, 0, 1) + at() + 900_000)
            problems.push(`waits for a pause that outlasts it: ${JSON.stringify(r)}`);
        if (st.op === 'pass') await rig.clock.advance(st.ms);
        else if (st.op === 'toggle') {
          reload(`a${st.alias}`, (t) => (t.name === st.bot ? { ...t, enabled: !t.enabled } : t));
          rig.delivery.reload();
        } else if (st.op === 'move') {
          limits.move(st.bot, st.account);
          inEach((t) => {
            if (t.name !== st.bot) return t;
            const { account: _old, ...rest } = t;
            const lane = `${t.platform}:${t.name}${st.account === accounts[t.name] ? '' : `:${st.account}`}`;
            return { ...rest, lane, ...(st.account !== undefined && { account: st.account }) };
          });
        } else if (st.op === 'relimit') {
          const scaled = Object.fromEntries(Object.entries(s.account_rate).map(([k, n]) => [k, n * st.times]));
          limits.relimit(scaled);
          inEach((t) => ({ ...t, account_rate_limit: scaled }));
        } else
          for (let k = 0; k < st.times; k++) {
            const n = tasks.length;
            tasks.push(undefined as never);
            // The number is known before the task: the first request may leave while the push is accepted.
            const off = rig.events.on('accepted', ({ task }) => (tasks[n] = task));
            const task = await rig.push(`a${st.alias}`, st.strategy, {
              title: `<${n}>`,
              msg: 'm'.repeat(st.size),
              type: st.type,
              style: st.style,
              ...(st.mention ? { mentions: { all: true } } : {}),
              ...(st.expires_in === undefined ? {} : { expires_in: st.expires_in }),
            });
            off();
            by.set(task.id, task);
          }
      }
      if (s.end !== 'run') {
        const { done, hurry } = rig.service.drain(20_000);
        if (s.end === 'hurry') hurry();
        else await rig.clock.advance(21_000);
        await rig.clock.advance(0);
        let over = false;
        void done.then(() => (over = true));
        await rig.clock.advance(0);
        if (!over && tasks.length > 0) problems.push(`drain not over: in hand ${rig.service.stats().in_hand}`);
      } else {
        try {
          await rig.clock.until(() => tasks.every((t) => t.completed_at !== undefined), 3_000_000);
        } catch (e) {
          problems.push(String(e));
        }
      }
      for (const [n, t] of tasks.entries())
        if (t.completed_at === undefined) problems.push(`task ${n} never ended: ${JSON.stringify(t.results)}`);
      await rig.clock.advance(2_000_000);
      if (rig.service.stats().in_hand !== 0) problems.push('in hand');
      for (const lane of rig.delivery.lanes())
        if (lane.backlog !== 0) problems.push(`backlog ${lane.target} ${lane.backlog}`);
      const failed = tasks.filter((t) => t.status === 'failed');
      if (failed.length !== rig.raised.length || new Set(rig.raised).size !== failed.length)
        problems.push(`notices ${rig.raised.length} of ${failed.length}`);
      for (const [n, t] of tasks.entries()) {
        for (const r of t.results) {
          if (!r) continue;
          const got = [...taken.keys()].filter((k) => k.startsWith(`${n} ${r.webhook} `));
          if (r.status === 'success' && got.length === 0)
            problems.push(`false success: task ${n} ${r.webhook} ${JSON.stringify(r)}`);
          const single = t.message.body.length < 300;
          if (
            s.end === 'run' &&
            r.status !== 'success' &&
            single &&
            got.length > 0 &&
            !got.some((k) => k.endsWith(' d'))
          )
            problems.push(
              `false failure: task ${n} ${r.webhook} ${JSON.stringify(r)} ${got.join()} at ${got.map((k) => taken.get(k)).join()}`,
            );
        }
        for (const r of s.end === 'run' ? t.results : []) {
          const count = r && tried.get(`${n} ${r.webhook}`);
          if (count !== undefined && !Number.isNaN(count) && r!.attempts !== count)
            problems.push(`attempts of task ${n}: ${count} requests, but ${JSON.stringify(r)}`);
        }
        for (const bot of BOTS)
          if (started.has(`${n} ${bot}`) && !t.results.some((r) => r?.webhook === bot))
            problems.push(`untold: task ${n} was sent to ${bot}`);
      }
      assert.deepEqual(problems, []);
    }),
    { numRuns: RUNS, seed: SEED },
  );
});

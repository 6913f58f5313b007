import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Failure } from '../../src/model.ts';
import { OK, createRig, fail } from '../kit/rig.ts';

/** Fixed, so that a failure is the same everywhere; change it to look for more. */
const SEED = 20_260_101;
const RUNS = 500;
const bad = fc.array(
  fc.record({
    kind: fc.constantFrom<Failure['kind'] | 'ok'>(
      'invalid',
      'unavailable',
      'unknown',
      'rate_limited',
      'rate_limited',
      'rate_limited',
    ),
    /** A throttle answer of the whole account, a card that is malformed. */
    account: fc.boolean(),
    as_text: fc.boolean(),
    after: fc.option(fc.integer({ min: 1, max: 3600 }), { nil: undefined }),
    hang: fc.boolean(),
  }),
  { minLength: 0, maxLength: 6 },
);
const good = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 3 });
const BOTS = ['p1', 'p2', 'q1', 'q2', 'r1'] as const;

test('one bot that only asks for patience: every failover push arrives', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        p: fc.subarray(['p1', 'p2']),
        q: fc.subarray(['q1', 'q2']),
        r: fc.subarray(['r1']),
        which: fc.nat(),
        good,
        scripts: fc.tuple(bad, bad, bad, bad, bad),
        pushes: fc.array(
          fc.record({
            strategy: fc.constantFrom('failover', 'mixed'),
            wait: fc.integer({ min: 0, max: 20_000 }),
            type: fc.constantFrom('info', 'error'),
            style: fc.constantFrom('text', 'card'),
            times: fc.integer({ min: 1, max: 3 }),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        patience: fc.integer({ min: 0, max: 5 }),
        shared: fc.subarray([...BOTS]),
      }),
      async (s) => {
        const groups = Object.fromEntries(Object.entries({ p: s.p, q: s.q, r: s.r }).filter(([, l]) => l.length > 0));
        const bots = [...s.p, ...s.q, ...s.r];
        fc.pre(bots.length > 1);
        const chosen = bots[s.which % bots.length]!;
        const rig = createRig({
          recipients: { a: groups },
          rate: { per_minute: 10 },
          account: { rate: { per_minute: 12 }, of: Object.fromEntries(s.shared.map((bot) => [bot, 'x'])) },
          settings: { queue: { failover_patience: s.patience } },
        });
        BOTS.forEach((bot, i) => {
          const script = s.scripts[i]!;
          rig.script(bot, (n) => {
            if (bot === chosen)
              return s.good[n - 1] === undefined ? OK : fail('rate_limited', { retry_after: s.good[n - 1]! });
            const line = script[Math.min(n - 1, script.length - 1)];
            if (line === undefined) return fail('invalid');
            if (line.hang) return new Promise(() => {});
            // An account that is always throttled is so for the good bot too: this one is six times, for ten seconds at most.
            const account = line.account && line.kind === 'rate_limited' && s.shared.includes(bot);
            if (account && n > script.length) return fail('invalid');
            return fail(line.kind as 'invalid', {
              ...(account ? { account, retry_after: Math.min(10, line.after ?? 10) } : {}),
              ...(!account && line.after !== undefined && { retry_after: line.after }),
              ...(line.as_text && line.kind === 'invalid' && { as_text: true }),
            });
          });
        });
        const tasks = [];
        for (const { strategy, wait, type, style, times } of s.pushes) {
          for (let i = 0; i < times; i++)
            tasks.push(await rig.push('a', strategy, { title: `t${tasks.length}`, type, style }));
          await rig.clock.advance(wait);
        }
        await rig.finished(...tasks);
        assert.deepEqual(
          tasks.filter((t) => t.status !== 'completed').map((t) => [t.strategy, t.error]),
          [],
        );
      },
    ),
    { numRuns: RUNS, seed: SEED },
  );
});

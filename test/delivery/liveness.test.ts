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
            times: fc.integer({ min: 1, max: 3 }),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        patience: fc.integer({ min: 0, max: 5 }),
      }),
      async (s) => {
        const groups = Object.fromEntries(Object.entries({ p: s.p, q: s.q, r: s.r }).filter(([, l]) => l.length > 0));
        const bots = [...s.p, ...s.q, ...s.r];
        fc.pre(bots.length > 1);
        const chosen = bots[s.which % bots.length]!;
        const rig = createRig({
          recipients: { a: groups },
          rate: { per_minute: 10 },
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
            return fail(line.kind as 'invalid', line.after === undefined ? {} : { retry_after: line.after });
          });
        });
        const tasks = [];
        for (const { strategy, wait, type, times } of s.pushes) {
          for (let i = 0; i < times; i++)
            tasks.push(await rig.push('a', strategy, { title: `t${tasks.length}`, type }));
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

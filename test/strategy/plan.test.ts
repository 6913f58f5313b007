import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Plan, Recipient, Result, Strategy } from '../../src/model.ts';
import { outcomeOf } from '../../src/strategy/outcome.ts';
import { leavesOf, planFor } from '../../src/strategy/plan.ts';

const recipientOf = (groups: [platform: string, names: string[], enabled?: boolean][]): Recipient => ({
  alias: 'ops',
  name: 'ops',
  groups: groups.map(([platform, names, enabled = true]) => ({
    platform,
    enabled,
    targets: names.map((name) => ({
      alias: 'ops',
      platform,
      name,
      enabled: !name.startsWith('-'),
      config: {},
      lane: name,
    })),
  })),
});

const THREE = recipientOf([
  ['feishu', ['f1', 'f2']],
  ['dingtalk', ['d1']],
  ['email', ['m1', 'm2']],
]);

/** A plan in the words of the design page: `first(all(f1, f2), d1)`. */
function words(plan: Plan | undefined): string {
  if (plan === undefined) return '-';
  return plan.op === 'send' ? plan.target : `${plan.op}(${plan.branches.map(words).join(', ')})`;
}

const TABLE: readonly [Strategy, string | undefined, string][] = [
  ['all', undefined, 'all(f1, f2, d1, m1, m2)'],
  ['failover', undefined, 'first(f1, f2, d1, m1, m2)'],
  ['webhook_failover', undefined, 'all(first(f1, f2), d1, first(m1, m2))'],
  ['mixed', undefined, 'first(all(f1, f2), d1, all(m1, m2))'],
  ['platform', 'feishu', 'first(f1, f2)'],
  ['platform', 'dingtalk', 'd1'],
  ['platform', 'nosuch', '-'],
];

for (const [strategy, platform, expected] of TABLE) {
  test(`${strategy}${platform ? ` ${platform}` : ''} makes ${expected}`, () => {
    assert.equal(words(planFor(strategy, THREE, platform).plan), expected);
  });
}

test('system entries are copies beside all and webhook_failover, and leaves only when named', () => {
  const recipient = recipientOf([
    ['system', ['s1', 's2']],
    ['feishu', ['f1']],
  ]);
  for (const strategy of ['all', 'webhook_failover'] as const) {
    const { plan, copies } = planFor(strategy, recipient);
    assert.equal(words(plan), 'f1');
    assert.deepEqual(
      copies.map((c) => [c.leaf, c.target]),
      [
        [1, 's1'],
        [2, 's2'],
      ],
    );
  }
  for (const strategy of ['failover', 'mixed'] as const) assert.deepEqual(planFor(strategy, recipient).copies, []);
  assert.equal(words(planFor('platform', recipient, 'system').plan), 'all(s1, s2)');
});

test('law: the leaves are the enabled targets without system, each once, in YAML order, numbered from 0', () => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 4 }), { maxLength: 4 });
  const groups = fc.array(
    fc.tuple(fc.constantFrom('feishu', 'dingtalk', 'email', 'system', '7', '10'), names, fc.boolean()),
    {
      maxLength: 5,
    },
  );
  const strategies = fc.constantFrom<Strategy>('all', 'failover', 'webhook_failover', 'mixed');
  fc.assert(
    fc.property(groups, strategies, (raw, strategy) => {
      const unique = [...new Map(raw.map((group) => [group[0], group])).values()];
      const recipient = recipientOf(unique);
      const expected = recipient.groups
        .filter((group) => group.enabled && group.platform !== 'system')
        .flatMap((group) => group.targets.filter((target) => target.enabled).map((t) => `${t.platform}/${t.name}`));
      const leaves = leavesOf(planFor(strategy, recipient).plan);
      assert.deepEqual(
        leaves.map((leaf) => `${leaf.platform}/${leaf.target}`),
        expected,
      );
      assert.deepEqual(
        leaves.map((leaf) => leaf.leaf),
        expected.map((_, i) => i),
      );
    }),
  );
});

test('the outcome is computed from the plan and its results', () => {
  const result = (status: Result['status']): Result => ({
    platform: 'x',
    webhook: 'x',
    status,
    message: '',
    attempts: 1,
    latency_ms: 0,
    paused_until: 0,
    timestamp: 0,
  });
  const of = (strategy: Strategy, statuses: string) =>
    outcomeOf(
      planFor(strategy, THREE).plan,
      Array.from(statuses, (c) =>
        c === '.' ? undefined : result(c === 'o' ? 'success' : c === 't' ? 'timeout' : 'failed'),
      ),
    );
  assert.equal(of('all', 'ooooo'), 'success');
  assert.equal(of('all', 'xoooo'), 'partial');
  assert.equal(of('all', 'xxxxt'), 'failed');
  assert.equal(of('failover', 'xxo..'), 'success');
  assert.equal(of('failover', 'xxxxx'), 'failed');
  assert.equal(of('webhook_failover', 'xooo.'), 'success');
  assert.equal(of('webhook_failover', 'xxoo.'), 'partial');
  assert.equal(of('mixed', 'xo...'), 'partial');
  assert.equal(of('mixed', 'xxo..'), 'success');
  assert.equal(outcomeOf(undefined, []), 'failed');
});

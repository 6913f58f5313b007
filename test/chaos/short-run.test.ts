import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Report } from './conclude.ts';
import { worldFor } from './kit.ts';
import { clusterFor, postgresFor } from './postgres-kit.ts';
import { run } from './run.ts';
import { runCluster } from './run-cluster.ts';

/** `npm run chaos` does the same for longer, with everything that can happen, and says more. */
const SEED = 1;
const ROUNDS = 4;
const KINDS = ['kill', 'freeze', 'point', 'restart', 'blackhole', 'reload'] as const;

const postgres = await postgresFor();

function assertHeld({ broken, figures }: Report, told: readonly string[]): void {
  assert.deepEqual(broken, [], told.join('\n'));
  assert.ok(figures.accepted > 150, `${figures.accepted} accepted`);
}

void suite('servers to which something happens again and again lose nothing', { concurrency: 2 }, () => {
  void test('one on a file of SQLite', async () => {
    const world = await worldFor();
    const told: string[] = [];
    const goesOn = (round: number) => round <= ROUNDS;
    const report = await run(world, { seed: SEED, goesOn, tell: (line) => told.push(line) });
    assertHeld(report, told);
    assert.equal(report.figures.deaths, ROUNDS);
  });

  void test('two on a PostgreSQL', async () => {
    const cluster = await clusterFor(postgres, { withRelay: true });
    const told: string[] = [];
    const report = await runCluster(cluster, {
      seed: SEED,
      goesOn: (round) => round <= KINDS.length,
      tell: (line) => told.push(line),
      replicas: 2,
      lengths: { lease: 1, outage: 1 },
      kinds: KINDS,
    });
    assertHeld(report, told);
  });
});

import type { TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts';

/** The moment of the signature vectors: 1700000000 s. */
export const START = 1_700_000_000_000;

export interface TestClock {
  now(): number;
  after(ms: number, fn: () => void): () => void;
  advance(ms: number): void;
}

export function createTestClock(): TestClock {
  let now = START;
  const due = new Set<{ at: number; fn: () => void }>();
  return {
    now: () => now,
    after(ms, fn) {
      const entry = { at: now + ms, fn };
      due.add(entry);
      return () => void due.delete(entry);
    },
    advance(ms) {
      now += ms;
      for (const entry of due) {
        if (entry.at > now) continue;
        due.delete(entry);
        entry.fn();
      }
    },
  };
}

export interface Started {
  readonly sandbox: Sandbox;
  readonly clock: TestClock;
  /** POSTs JSON (a string goes as it is) and gives the status and the parsed answer. */
  readonly post: (
    path: string,
    body: unknown,
    headers?: Record<string, string>,
  ) => Promise<{ status: number; json: unknown }>;
}

/** A sandbox on free ports and a clock that stands still; closed when the test ends. */
export async function start(t: TestContext, options: SandboxOptions = {}): Promise<Started> {
  const clock = createTestClock();
  const sandbox = await createSandbox({ clock, ...options });
  t.after(async () => await sandbox.close());
  return {
    sandbox,
    clock,
    async post(path, body, headers = {}) {
      const response = await fetch(sandbox.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      return { status: response.status, json: await response.json() };
    },
  };
}

/** Lets the event loop turn until something holds. The test's own timeout ends a wait in vain. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate();
}

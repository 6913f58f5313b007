import { loadChannels } from '../src/channel/registry.ts';
import { systemClock } from '../src/clock.ts';
import { parseConfig } from '../src/config.ts';
import type { Message, Task } from '../src/model.ts';
import { createIds } from '../src/push/ids.ts';
import { openStore } from '../src/store/open.ts';
import { createPlanner } from '../src/strategy/planner.ts';
import { CROWD, DEADLINE, type StoreChoice, configuration } from './configuration.ts';
import { TITLE, TITLE_DIGITS } from './push-body.ts';

/** Tasks given to the store at once. */
const BLOCK = 5000;

/** Stores so many accepted tasks for the crowd, of which none has been tried, as a server does that has no place for them. */
export async function fill(choice: StoreChoice, count: number, folder: string): Promise<void> {
  const channels = await loadChannels();
  const text = configuration({ folder, sink: 'http://127.0.0.1:9', store: choice, crowd: true });
  const config = parseConfig(text, { file: 'bench.yaml', env: {}, channels });
  const store = await openStore({ clock: systemClock, settings: () => config, onChange: failed, onFault: failed });
  const nextId = createIds(() => systemClock.now());
  const planned = createPlanner();

  function taskOf(number: number): Task {
    const recipient = config.recipients.get(CROWD[number % CROWD.length]!)!;
    const { plan, copies, line } = planned('failover', recipient, undefined);
    const now = systemClock.now();
    return {
      id: nextId(),
      alias: recipient.alias,
      recipient: recipient.name,
      strategy: 'failover',
      message: messageOf(number),
      priority: 2,
      plan,
      copies,
      line,
      created_at: now,
      deadline: now + DEADLINE * 1000,
      updated_at: now,
      status: 'pending',
      results: [undefined],
    };
  }

  try {
    for (let done = 0; done < count; done += BLOCK) {
      const block = Array.from({ length: Math.min(BLOCK, count - done) }, (_, i) => taskOf(done + i));
      await Promise.all(block.map((task) => store.insert(task)));
    }
  } finally {
    await store.close();
  }
}

const messageOf = (number: number): Message => ({
  title: TITLE + String(number).padStart(TITLE_DIGITS, '0'),
  body: '磁盘使用率超过阈值，请尽快处理。',
  format: 'text',
  level: 'info',
  style: 'text',
});

function failed(error: unknown): void {
  if (error !== undefined) throw error;
}

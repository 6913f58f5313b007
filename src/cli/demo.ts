import { call } from './call.ts';
import { BURST, BURST_SHOWS, SAMPLES, type Sample } from './demo-pushes.ts';
import { type DemoWorld, startDemo } from './demo-world.ts';
import { CommandError } from './fault.ts';
import { paint } from './paint.ts';
import { resultLines, statusWord, type TaskAnswer } from './results.ts';
import { say } from './say.ts';
import { type Stopping, stoppedBySignal } from './stop.ts';
import { table } from './table.ts';

/**
 * Starts sandbox and server, pushes the samples, prints what became of them, and stays up until a signal.
 * @param once end by itself after the samples
 * @throws CommandError when a sample is not accepted
 */
export async function demo(once: boolean): Promise<void> {
  const world = await startDemo();
  let ending: Stopping | undefined;
  const end = () => (ending ??= endOf(world));
  const stopped = stoppedBySignal(end);
  say(paint('loud', 'PushServer demo: sandbox and server are up; nothing leaves this machine.'), '');
  say(...addressLines(world));
  try {
    await pushAll(world);
  } catch (error) {
    // Ctrl-C in the middle: the server refuses what comes next, as it should.
    if (ending === undefined) await end().done;
    else return await stopped;
    throw error;
  }
  say(...summaryLines(world));
  if (once) return await end().done;
  say('', ...nextLines(world));
  await stopped;
  say('The demo has ended.');
}

function endOf({ app, sandbox }: DemoWorld): Stopping {
  const stopping = app.stop();
  return { done: stopping.done.then(() => sandbox.close()), hurry: () => stopping.hurry() };
}

async function pushAll(world: DemoWorld): Promise<void> {
  const total = SAMPLES.length + 1;
  for (const [i, sample] of SAMPLES.entries()) {
    say('', paint('loud', `${i + 1}/${total}  ${sample.shows}`));
    const before = arrivedIn(world);
    const { recipient, task } = await push(world, sample.push);
    const arrived = arrivedIn(world) - before;
    const { title } = sample.push.content;
    say(
      `${INDENT}${title} → ${recipient} (${sample.push.recipient_alias}): ${statusWord(task.outcome ?? task.status)}`,
      ...resultLines(task, INDENT),
      ...(arrived === 0 ? [] : [`${INDENT}${paint('quiet', `arrived in the sandbox: ${count(arrived, 'message')}`)}`]),
    );
  }
  say('', paint('loud', `${total}/${total}  ${BURST_SHOWS}`));
  say(...burstLines(await burst(world)));
}

/** Notices, which are POSTed to the sandbox in their own time, do not count. */
function arrivedIn({ sandbox }: DemoWorld): number {
  return sandbox.messages().filter(({ platform }) => platform !== 'system').length;
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

async function push({ url }: DemoWorld, body: Sample['push']): Promise<{ recipient: string; task: TaskAnswer }> {
  const reply = await call({ url }, 'POST', '/api/v1/push', body);
  if (reply.status !== 200) throw new CommandError(`a sample was refused: ${reply.code} ${reply.message}`);
  const { task_id, recipient } = reply.data as { task_id: string; recipient: string };
  return { recipient, task: await ended(url, task_id) };
}

async function burst({ url }: DemoWorld): Promise<TaskAnswer[]> {
  const reply = await call({ url }, 'POST', '/api/v1/push/batch', BURST);
  const entries = reply.data as readonly { code: number; data: { task_id: string } }[];
  if (reply.status !== 200 || entries.some((entry) => entry.code !== 200))
    throw new CommandError(`a sample was refused: ${reply.code} ${reply.message}`);
  return Promise.all(entries.map(({ data }) => ended(url, data.task_id)));
}

/** Half a minute is far more than the short limits of config/demo.yaml let a task live. */
async function ended(url: string, id: string): Promise<TaskAnswer> {
  const reply = await call({ url }, 'GET', `/api/v1/task/${id}?wait=30`);
  if (reply.status !== 200) throw new CommandError(`a sample was lost: ${reply.code} ${reply.message}`);
  return reply.data as TaskAnswer;
}

const INDENT = '      ';

function burstLines(tasks: readonly TaskAnswer[]): string[] {
  const results = tasks.flatMap((task) => task.results);
  const head = ['target', 'messages', 'result', 'time', 'arrived as'].map((word) => paint('quiet', word));
  const groups = Map.groupBy(results, ({ digest_id = '', status }) => `${digest_id} ${status}`);
  const rows = [...groups.values()].map((group) => {
    const { platform, webhook, status, digest_id } = group[0]!;
    const seconds = Math.max(...group.map(({ latency_ms }) => latency_ms)) / 1000;
    const own = group.length === 1 ? 'a message of its own' : 'messages of their own';
    const how = digest_id === undefined ? own : 'one digest that names every title';
    return [`${platform}/${webhook}`, String(group.length), statusWord(status), `${seconds.toFixed(2)} s`, how];
  });
  return table([head, ...rows], INDENT);
}

function summaryLines(world: DemoWorld): string[] {
  const { sandbox, app } = world;
  const { in_hand } = app.service.stats();
  const arrived = arrivedIn(world);
  const refused = sandbox.refusals().length;
  return [
    '',
    `${SAMPLES.length + BURST.length} pushes, ${in_hand} without an end; the sandbox took ${count(arrived, 'message')} and refused ${count(refused, 'request')}.`,
  ];
}

function addressLines({ sandbox, url, notifications, log }: DemoWorld): string[] {
  return table(
    [
      ['Inbox of all groups and mailboxes', `${sandbox.url}/`],
      ['API documentation', `${url}/docs`],
      ['Notifications', `${url}/api/v1/notifications`],
      ['Tasks', `${url}/api/v1/tasks`],
      ['SMTP of the sandbox', `127.0.0.1:${sandbox.smtp_port}`],
      ['Notices as files, log', `${notifications}/, ${log}`],
    ],
    '  ',
  );
}

function nextLines(world: DemoWorld): string[] {
  const { url, sandbox } = world;
  return [
    'Everything stays up. Open:',
    '',
    ...addressLines(world),
    '',
    'Push something yourself:',
    '',
    `  npm run pushserver -- send ops_alert "测试消息" "你好" --strategy all --style card --wait --url ${url}`,
    `  curl ${url}/api/v1/push -H 'Content-Type: application/json' \\`,
    `    -d '{"recipient_alias": "ops_alert", "type": "info", "content": {"title": "测试消息", "msg": "你好"}}'`,
    '',
    'DingTalk is still down; this brings it back:',
    '',
    `  curl -X DELETE ${sandbox.url}/_sandbox/faults`,
    '',
    'Ctrl-C ends it.',
  ];
}

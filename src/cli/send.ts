import { text as readAll } from 'node:stream/consumers';
import { type Reply, type Server, call } from './call.ts';
import { CommandError } from './fault.ts';
import { resultLines, statusWord, type TaskAnswer } from './results.ts';
import { oneLine, say } from './say.ts';

export interface SendOptions {
  readonly server: Server;
  /** The push as the API takes it; `content.msg` "-" is read from standard input. */
  readonly push: {
    readonly content: { readonly msg: string; readonly [key: string]: unknown };
    readonly [key: string]: unknown;
  };
  /** Seconds to wait for the end; absent: the answer is enough. */
  readonly wait?: number | undefined;
  /** Print the server's JSON and nothing else. */
  readonly json: boolean;
}

/** The longest the server waits for a task in one call, in seconds. */
const ONE_WAIT = 30;

/**
 * Pushes one message through a running server and prints the answer, or with `wait` the results.
 * @returns whether it was accepted and, if it was waited for, reached somebody
 * @throws CommandError when no server answers
 */
export async function send({ server, push, wait, json }: SendOptions): Promise<boolean> {
  const msg = push.content.msg === '-' ? await standardInput() : push.content.msg;
  const reply = await call(server, 'POST', '/api/v1/push', { ...push, content: { ...push.content, msg } });
  if (reply.status !== 200) {
    if (json) say(jsonOf(reply));
    else say(...refusalLines(reply));
    return false;
  }
  const accepted = reply.data as { task_id: string; recipient: string; strategy: string; warnings?: readonly string[] };
  if (wait === undefined) {
    if (json) say(jsonOf(reply));
    else
      say(
        `accepted for ${oneLine(accepted.recipient)} (${accepted.strategy}): task ${accepted.task_id}`,
        ...warningLines(accepted.warnings),
      );
    return true;
  }
  return report(server, accepted, wait, json);
}

async function report(
  server: Server,
  accepted: { readonly task_id: string; readonly recipient: string; readonly warnings?: readonly string[] },
  wait: number,
  json: boolean,
): Promise<boolean> {
  const reply = await ended(server, accepted.task_id, wait);
  if (reply.status !== 200) {
    const reason = reply.status === 403 ? '; to see the results its token needs the scope read' : '';
    throw new CommandError(
      `task ${accepted.task_id} was accepted, but: ${reply.code} ${oneLine(reply.message)}${reason}`,
    );
  }
  const task = reply.data as TaskAnswer;
  const over = isOver(task);
  if (json) say(jsonOf(reply));
  else {
    const outcome = over ? statusWord(task.outcome ?? task.status) : `${statusWord(task.status)} after ${wait} s`;
    say(`${outcome}  ${oneLine(accepted.recipient)}, task ${task.task_id}`, ...warningLines(accepted.warnings));
    say(...resultLines(task, '  '));
  }
  return over && task.status === 'completed';
}

async function ended(server: Server, id: string, wait: number): Promise<Reply> {
  const until = performance.now() + wait * 1000;
  for (;;) {
    const left = Math.max(0, (until - performance.now()) / 1000);
    const seconds = Math.min(ONE_WAIT, left).toFixed(3);
    const reply = await call(server, 'GET', `/api/v1/task/${encodeURIComponent(id)}?wait=${seconds}`);
    if (reply.status !== 200 || isOver(reply.data as TaskAnswer) || performance.now() >= until) return reply;
  }
}

const isOver = ({ status }: TaskAnswer): boolean => status === 'completed' || status === 'failed';

async function standardInput(): Promise<string> {
  if (process.stdin.isTTY) say('the message, ended by Ctrl-D:');
  return (await readAll(process.stdin)).trimEnd();
}

function refusalLines({ status, code, message, data }: Reply): string[] {
  const { fields = [], recipient_alias } = (data ?? {}) as {
    fields?: readonly { field: string; message: string }[];
    recipient_alias?: string;
  };
  const about = recipient_alias === undefined ? '' : ` (${oneLine(recipient_alias)})`;
  const hint = HINTS[status];
  return [
    `not accepted: ${code} ${oneLine(message)}${about}`,
    // The server's words begin with the field themselves where the field is not obvious.
    ...fields.map(({ field, message: said }) => `  ${oneLine(said.includes(field) ? said : `${field}: ${said}`)}`),
    ...(hint === undefined ? [] : [`  ${hint}`]),
  ];
}

const HINTS: Readonly<Record<number, string>> = {
  401: 'give a token with --token, or better in the environment variable PUSHSERVER_TOKEN',
  403: 'this token has not the scope push, or the server answers to other host names only',
  404: 'the aliases are those below `recipients` in the server’s configuration: pushserver check',
  503: 'the server is full or stopping; nothing was stored, try again',
};

const warningLines = (warnings: readonly string[] = []): string[] => warnings.map((text) => `  ${oneLine(text)}`);

const jsonOf = ({ code, message, data }: Reply): string => JSON.stringify({ code, message, data });

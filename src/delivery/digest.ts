import type { Channel } from '../channel/channel.ts';
import type { Clock, Failure, Level, Message, Outcome, Target } from '../model.ts';
import type { Delivery, Ending, Sender } from './delivery.ts';
import { fit, prefixOf } from './fit.ts';

/** Lengths tried for the excerpt of each body, in UTF-16 units, longest first. */
const EXCERPTS = [400, 200, 100, 50, 20, 0];

const RANK: Readonly<Record<Level, number>> = { info: 0, warning: 1, error: 2 };
const WORD: Readonly<Record<Level, string>> = { info: '信息', warning: '警告', error: '错误' };

/** Many waiting messages that travel as one; each takes the digest's end as its own. */
export class Digest implements Sender {
  readonly digest_id: string;
  readonly #clock: Clock;
  #members: readonly Delivery[];
  #carrier: Delivery | undefined;

  constructor(id: string, members: readonly Delivery[], clock: Clock) {
    this.digest_id = id;
    this.#members = members;
    this.#clock = clock;
  }

  carriedBy(carrier: Delivery): void {
    this.#carrier = carrier;
    for (const member of this.#members) member.carrier = carrier;
  }

  get id(): string {
    return this.digest_id;
  }

  get tasks(): readonly string[] {
    return this.#members.flatMap((member) => member.sender.tasks);
  }

  /** That of its members; those whose target a reload has moved or removed meanwhile go their own way. */
  target(): Target | undefined {
    this.#members = this.#members.filter((member) => !member.sender.isOver());
    this.#letGo();
    const strays = this.#members.filter((member) => member.isAstray());
    this.#members = this.#members.filter((member) => !strays.includes(member));
    for (const stray of strays) {
      stray.carrier = undefined;
      stray.reroute();
    }
    if (this.#members.length === 0) this.#carrier?.stop();
    return this.#members[0]?.sender.target();
  }

  message(target: Target, channel: Channel): Message {
    const messages = this.#members.map((member) => member.sender.message(target, channel));
    return messages.length === 1
      ? messages[0]!
      : digestOf(messages, channel, target.config, new Date(this.#clock.now()));
  }

  foldable(): boolean {
    return false;
  }

  waiting(): boolean {
    return true;
  }

  began(): void {
    for (const member of this.#members) member.sender.began();
  }

  attempted(outcome: Outcome): void {
    for (const member of this.#members) member.sender.attempted(outcome);
  }

  /** Its members wait again, each for itself, and are folded anew with whatever has come in the meantime. */
  throttled(failure: Failure): boolean {
    this.#letGo();
    for (const member of this.#members.toReversed()) {
      member.carrier = undefined;
      member.sender.throttled(failure);
      if (member.sender.isOver()) member.sender.ended({ outcome: failure, timed_out: false });
      else if (member.sender.waiting()) member.lane.reenter(member);
    }
    return true;
  }

  ended(ending: Ending): void {
    for (const member of this.#members) member.sender.ended({ ...ending, digest_id: this.digest_id });
  }

  aboard(): readonly Sender[] {
    return this.#members.map((member) => member.sender);
  }

  arrivedLate(): void {}

  withdraw(): void {}

  isOver(): boolean {
    return this.#members.every((member) => member.sender.isOver());
  }

  isUnwanted(): boolean {
    return false;
  }

  /** Those whose plan no longer needs them leave. */
  #letGo(): void {
    const gone = this.#members.filter((member) => member.sender.isUnwanted());
    this.#members = this.#members.filter((member) => !gone.includes(member));
    for (const member of gone) {
      member.carrier = undefined;
      member.sender.withdraw();
    }
  }
}

/**
 * One message that names every title, with as much of each body as lets it leave in one part. If the titles alone are
 * too long for that, they are all still there, in several parts.
 */
export function digestOf(messages: readonly Message[], channel: Channel, config: unknown, now: Date): Message {
  for (const excerpt of EXCERPTS) {
    const digest = compose(messages, excerpt);
    if (fit(channel, digest, config, now, 2).length === 1) return digest;
  }
  return compose(messages, 0);
}

function compose(messages: readonly Message[], excerpt: number): Message {
  const level = messages.reduce<Level>((top, m) => (RANK[m.level] > RANK[top] ? m.level : top), 'info');
  const lines = messages.map((m, i) => {
    const body = excerptOf(m.body, excerpt);
    return `${i + 1}. [${WORD[m.level]}] ${m.title}${body && `\n   ${body}`}`;
  });
  return {
    title: `合并通知：${messages.length} 条消息`,
    body: lines.join('\n'),
    level,
    style: messages.some((m) => m.style === 'card') ? 'card' : 'text',
    format: 'text',
  };
}

function excerptOf(body: string, length: number): string {
  const line = body.replaceAll(/\s+/g, ' ').trim();
  return line.length <= length ? line : length === 0 ? '' : `${prefixOf(line, length)}…`;
}

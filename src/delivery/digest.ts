import type { Channel } from '../channel/channel.ts';
import type { Clock, Failure, Level, Message, Outcome, Target, Trail } from '../model.ts';
import type { LeafRef } from '../store/store.ts';
import type { Delivery } from './delivery.ts';
import { TARGET_GONE } from './failures.ts';
import { fitsWhole } from './fit.ts';
import { prefixOf } from './prefix.ts';
import type { Ending, Sender } from './sender.ts';

/** Lengths tried for the excerpt of each body, in UTF-16 units, longest first. */
const EXCERPTS = [400, 200, 100, 50, 20, 0];

/** UTF-16 units of a body that an excerpt is taken from; bodies may be a hundred times longer. */
const LOOKED_AT = 2000;

const RANK: Readonly<Record<Level, number>> = { info: 0, warning: 1, error: 2 };
const WORD: Readonly<Record<Level, string>> = { info: '信息', warning: '警告', error: '错误' };

/**
 * Many waiting messages that travel as one; each takes the digest's end as its own. It lasts for one attempt: when that
 * has to be repeated its members wait again, each for itself, and are folded anew with whatever has come meanwhile.
 */
export class Digest implements Sender {
  readonly digest_id: string;
  #members: readonly Delivery[];
  readonly #clock: Clock;
  #carrier: Delivery | undefined = undefined;
  #last: Failure | undefined = undefined;

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

  /** Equal bots of several aliases are one lane: any member that is still there will do. */
  target(): Target | undefined {
    return this.#members.find((member) => !member.isAstray())?.sender.target();
  }

  message(target: Target, channel: Channel): Message {
    // Those whose time has run out since it was refused as a card; what may have arrived is repeated as it was.
    if (!this.#carrier!.unclear) this.#members = this.#members.filter(({ sender }) => !sender.isOver());
    const messages = this.#members.map((member) => member.sender.message(target, channel));
    return digestOf(messages, channel, target.config, new Date(this.#clock.now()), this.digest_id);
  }

  foldable(): boolean {
    return false;
  }

  waiting(): boolean {
    // What may have arrived is repeated as it was.
    if (this.#carrier!.unclear) return true;
    for (const member of this.#members.toReversed()) this.#release(member);
    this.#carrier!.stop();
    return false;
  }

  began(): void {
    for (const member of this.#members) member.sender.began();
  }

  mark(trail: Trail): void {
    for (const member of this.#members) member.sender.mark(trail);
  }

  leaves(): LeafRef[] {
    return this.#members.flatMap(({ sender }) => (sender.isOver() ? [] : sender.leaves()));
  }

  attempted(outcome: Outcome): void {
    if (!outcome.ok) this.#last = outcome;
    for (const member of this.#members) member.sender.attempted(outcome);
  }

  overdue(ending: Ending): void {
    for (const { sender } of this.#members) sender.overdue({ ...ending, digest_id: this.digest_id });
  }

  outlives(ms: number): boolean {
    return this.#members.map((member) => member.sender.outlives(ms)).includes(true);
  }

  throttled(failure: Failure): void {
    this.#last = failure;
    for (const member of this.#members) member.sender.throttled(failure);
  }

  ended({ outcome, timed_out }: Ending): void {
    for (const { sender } of this.#members) {
      // Of a target that has only moved it is not true that it is gone.
      const own = outcome === TARGET_GONE && sender.target() ? (this.#last ?? outcome) : outcome;
      sender.ended({ outcome: own, timed_out, digest_id: this.digest_id });
    }
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

  #release(member: Delivery): void {
    const { sender } = member;
    // Without an attempt nothing has failed; who is over then has ended already.
    const last = this.#last;
    const goesOn =
      last === undefined ? !sender.isOver() : member.resume(this.#carrier!.tries, last) && !sender.isOver();
    if (last === undefined) member.carrier = undefined;
    if (!goesOn) {
      if (last) sender.ended({ outcome: last, timed_out: false, digest_id: this.digest_id });
    } else if (sender.isUnwanted()) sender.withdraw();
    else if (member.isAstray()) member.reroute();
    else if (sender.waiting()) member.lane.reenter(member);
  }
}

/**
 * One message that names every title, with as much of each body as lets it leave in one part. If the titles alone are
 * too long for that, they are all still there, in several parts.
 * @param id of the digest
 */
export function digestOf(
  messages: readonly Message[],
  channel: Channel,
  config: unknown,
  now: Date,
  id: string,
): Message {
  for (const excerpt of EXCERPTS) {
    const digest = compose(messages, excerpt);
    if (fitsWhole(channel, digest, config, { now, id })) return digest;
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
  if (length === 0) return '';
  const line = body.slice(0, LOOKED_AT).replaceAll(/\s+/g, ' ').trim();
  return line.length <= length && body.length <= LOOKED_AT ? line : `${prefixOf(line, length)}…`;
}

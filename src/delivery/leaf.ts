import type {
  Clock,
  End,
  Failure,
  Leg,
  Life,
  Message,
  Mode,
  Outcome,
  Result,
  Send,
  Success,
  Target,
  Task,
  Trail,
} from '../model.ts';
import type { Emitter } from '../events.ts';
import type { LeafRef, Store } from '../store/store.ts';
import type { Delivery } from './delivery.ts';
import { CUT_BY_CRASH, CUT_OFF, NEVER_SENT, OUT_OF_TIME, PASSED } from './failures.ts';
import { inTheirWords, withLastWords } from './last-words.ts';
import { markFailure, markLate, markPaused, markSending, markSuccess, markWaiting, newResult } from './result.ts';
import type { Ending, Sender } from './sender.ts';

export interface LeafPorts {
  readonly clock: Clock;
  readonly events: Emitter;
  readonly store: Pick<Store, 'record' | 'now'>;
  /** The target as it is configured now; undefined when it is gone. */
  readonly target: (alias: string, platform: string, name: string) => Target | undefined;
  /** Seconds a leaf stays in a throttled lane while another branch is left. */
  readonly patience: () => number;
}

/** Milliseconds before its deadline from which a message is sent by itself rather than folded. */
const TOO_LATE_TO_FOLD = 5000;

/** One leaf of a task: keeps its result and its patience, and tells the walk of the plan how it ended. */
export class Leaf implements Leg, Sender {
  readonly #ports: LeafPorts;
  readonly #task: Task;
  readonly #send: Send;
  readonly #mode: Mode;
  readonly #life: Life;
  readonly #result: Result;
  /** It was passed over before. */
  readonly #again: boolean;
  #told: ((end: End) => void) | undefined = undefined;
  #end: End | undefined = undefined;
  #delivery: Delivery | undefined = undefined;
  #cancelPatience: (() => void) | undefined = undefined;
  /** The last thing that went wrong, throttle answers included. */
  #last: Failure | undefined = undefined;
  #unwanted = false;

  constructor(ports: LeafPorts, task: Task, send: Send, mode: Mode, life: Life) {
    this.#ports = ports;
    this.#task = task;
    this.#send = send;
    this.#mode = mode;
    this.#life = life;
    // A leaf that was passed over and is entered again goes on with its own result.
    const before = task.results[send.leaf];
    this.#again = before !== undefined;
    this.#result = before ?? newResult(send);
    if (task.copies.includes(send)) this.#result.counts = false;
    markWaiting(this.#result);
    this.#record();
  }

  onEnd(told: (end: End) => void): void {
    if (this.#end === undefined) this.#told = told;
    else told(this.#end);
  }

  get id(): string {
    return `${this.#task.id}-${this.#send.leaf}`;
  }

  get tasks(): readonly string[] {
    return [this.#task.id];
  }

  /** Attempts made before: it was passed over, or another process had it. */
  get tries(): number {
    const { trail, attempts } = this.#result;
    return trail === undefined ? attempts : trail.tries;
  }

  /** How far another process had come with it. */
  get trail(): Trail | undefined {
    return this.#result.trail;
  }

  /** The process that sent it has died before it could record an answer. That was an attempt. */
  cut(): void {
    this.#result.attempts++;
    this.#last = CUT_BY_CRASH;
    const { trail } = this.#result;
    if (trail) this.#result.trail = { ...trail, tries: trail.tries + 1, sending: false };
  }

  /** It will travel like this; not in its lane yet. */
  board(delivery: Delivery): void {
    this.#delivery = delivery;
  }

  /** Puts the message into its lane. */
  start(delivery: Delivery): void {
    this.board(delivery);
    if (delivery.begun) {
      if (delivery.outlivesPause()) delivery.lane.continue(delivery);
      return;
    }
    const enters = this.#mode.stay === 'patience' ? this.waiting() : delivery.outlivesPause();
    if (enters) delivery.lane.enter(delivery);
  }

  /** Sent by other means than a lane. */
  direct(outcome: Promise<Outcome>): void {
    this.began();
    void outcome.then((ending) => {
      this.attempted(ending);
      this.ended({ outcome: ending, timed_out: false });
    });
  }

  /** Ends at once: nothing is sent. */
  refuse(failure: Failure, timed_out = false): void {
    this.ended({ outcome: failure, timed_out });
  }

  target(): Target | undefined {
    const target = this.#ports.target(this.#task.alias, this.#send.platform, this.#send.target);
    return target?.enabled ? target : undefined;
  }

  message(): Message {
    return this.#task.message;
  }

  foldable(): boolean {
    return (
      this.#task.message.mentions === undefined && this.#task.deadline - this.#ports.store.now() > TOO_LATE_TO_FOLD
    );
  }

  waiting(): boolean {
    if (!this.#delivery!.outlivesPause()) return false;
    const { stay } = this.#mode;
    if (stay === 'deadline') return true;
    const { clock, patience } = this.#ports;
    const limit = stay === 'patience' ? patience() * 1000 : 0;
    this.#cancelPatience?.();
    if (this.#delivery!.lane.forecast(this.#task.priority) > limit) {
      this.#pass();
      return false;
    }
    this.#cancelPatience = clock.after(patience() * 1000, () => this.#pass());
    return true;
  }

  began(): void {
    // It may be in a digest that goes on for the sake of others.
    if (this.#hasEnded) return;
    this.#cancelPatience?.();
    this.#cancelPatience = undefined;
    markSending(this.#result);
    this.#mode.began?.();
  }

  mark(trail: Trail): void {
    if (this.#hasEnded) return;
    this.#result.trail = trail;
    this.#ports.store.record(this.#task, this.#send.leaf, this.#result);
  }

  leaves(): LeafRef[] {
    return [{ task: this.#task, leaf: this.#send.leaf }];
  }

  attempted(outcome: Outcome): void {
    this.#result.attempts++;
    if (!outcome.ok) this.#last = outcome;
  }

  throttled(failure: Failure): void {
    this.#last = failure;
  }

  overdue(ending: Ending): void {
    if (this.isOver()) this.ended(ending);
  }

  outlives(ms: number): boolean {
    if (this.#hasEnded) return false;
    const until = ms === 0 ? 0 : this.#ports.store.now() + ms;
    markPaused(this.#result, until);
    return this.#task.deadline > until;
  }

  isOver(): boolean {
    return this.#hasEnded || this.#life.isOver();
  }

  isUnwanted(): boolean {
    return this.#unwanted;
  }

  ended({ outcome, timed_out, digest_id }: Ending): void {
    if (this.#hasEnded) return outcome.ok ? this.arrivedLate(outcome, digest_id) : undefined;
    // An earlier attempt was answered late while this one was out.
    if (this.#reached) return this.#close('reached');
    this.#folded(digest_id);
    if (outcome.ok) {
      this.#result.trail = undefined;
      markSuccess(this.#result, outcome, digest_id === undefined ? '消息发送成功' : '已合并到摘要消息发送');
      this.#record();
      this.#close('reached');
    } else {
      this.#fail(inTheirWords(outcome, this.#last), timed_out ? 'timeout' : 'failed');
      this.#close('failed');
    }
  }

  aboard(): readonly Sender[] {
    return [this];
  }

  arrivedLate(success: Success, digest_id?: string): void {
    const known = this.#reached;
    if (known && !this.#result.late) return;
    // It may be waiting again, alone or in a digest.
    this.#delivery?.stop();
    this.#folded(digest_id);
    markLate(this.#result, success);
    this.#result.trail = undefined;
    this.#record();
    if (known) return;
    if (this.#hasEnded) return this.#life.arrivedLate(this.#send.leaf);
    this.#close('reached');
  }

  withdraw(): void {
    // While it sends nothing can be taken back, but nothing more is sent for its sake.
    this.#unwanted = true;
    if (this.#hasEnded || !this.#delivery?.withdraw()) return;
    if (this.#reached) return this.#close('reached');
    // Tried or passed over before: there is something to tell. Otherwise it is as if it had never been entered.
    if (this.#last) this.#fail(this.#last, 'failed');
    else if (this.#again) this.#failAsPassed(PASSED);
    else this.#ports.store.record(this.#task, this.#send.leaf, undefined);
    this.#close('withdrawn');
  }

  expire(reason: string, force: boolean): void {
    const sending = this.#delivery?.sending ?? true;
    if (this.#hasEnded || (sending && !force)) return;
    this.#delivery?.stop();
    const begun = this.#delivery?.begun ? OUT_OF_TIME : undefined;
    const last = sending ? CUT_OFF : (this.#last ?? begun);
    const message = last ? withLastWords(reason, last) : reason;
    this.#fail({ ...(last ?? NEVER_SENT), message }, 'failed');
    this.#close('failed');
  }

  drop(): void {
    if (this.#hasEnded) return;
    this.#told = undefined;
    this.#delivery?.stop();
    this.#close('withdrawn');
  }

  #pass(): void {
    if (this.#hasEnded || !this.#delivery!.withdraw()) return;
    this.#failAsPassed(inTheirWords(PASSED, this.#last));
    this.#close('passed');
  }

  get #reached(): boolean {
    return this.#result.status === 'success';
  }

  #folded(digest_id: string | undefined): void {
    if (digest_id !== undefined) this.#result.digest_id = digest_id;
  }

  #failAsPassed(failure: Failure): void {
    this.#result.passed = true;
    this.#fail(failure, 'failed');
  }

  #fail(failure: Failure, status: 'failed' | 'timeout'): void {
    this.#result.trail = undefined;
    markFailure(this.#result, failure, status, this.#ports.store.now());
    this.#record();
  }

  #record(): void {
    const now = this.#ports.store.now();
    this.#result.timestamp = now;
    this.#result.latency_ms = now - this.#task.created_at;
    this.#ports.store.record(this.#task, this.#send.leaf, this.#result);
  }

  get #hasEnded(): boolean {
    return this.#end !== undefined;
  }

  #close(end: End): void {
    this.#end = end;
    this.#cancelPatience?.();
    // A digest whose members have all ended sends nothing more.
    const carrier = this.#delivery?.carrier;
    if (carrier && !carrier.sending && carrier.sender.isOver()) carrier.stop();
    if (end === 'reached') {
      this.#ports.events.emit('delivered', { platform: this.#send.platform, ms: this.#result.latency_ms });
    }
    this.#told?.(end);
  }
}

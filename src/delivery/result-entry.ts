import type { Clock, Failure, Result, Send, Success, Task } from '../model.ts';
import type { Store } from '../store/store.ts';

export interface EntryPorts {
  readonly clock: Clock;
  readonly store: Pick<Store, 'record'>;
}

/** The entry of one leaf in `results`: what people read of it, kept in the store at every change. */
export class ResultEntry {
  readonly #ports: EntryPorts;
  readonly #task: Task;
  readonly #send: Send;
  readonly #result: Result;
  /** The leaf was passed over before and is entered again: it goes on with its own entry. */
  readonly again: boolean;

  constructor(ports: EntryPorts, task: Task, send: Send) {
    this.#ports = ports;
    this.#task = task;
    this.#send = send;
    const before = task.results[send.leaf];
    this.again = before !== undefined;
    this.#result = before ?? {
      platform: send.platform,
      webhook: send.target,
      status: 'processing',
      message: '',
      attempts: 0,
      latency_ms: 0,
      timestamp: 0,
    };
    if (task.copies.includes(send)) this.#result.counts = false;
    delete this.#result.passed;
    this.#clear();
    this.#write('processing', '等待发送');
  }

  get reached(): boolean {
    return this.#result.status === 'success';
  }

  get isLate(): boolean {
    return this.#result.late === true;
  }

  get attempts(): number {
    return this.#result.attempts;
  }

  get latency_ms(): number {
    return this.#result.latency_ms;
  }

  sending(): void {
    this.#opened();
    this.#result.message = '发送中';
  }

  attempted(): void {
    this.#result.attempts++;
  }

  /** @param until Unix time in milliseconds at which its lane opens again */
  paused(until: number): void {
    this.#result.paused_until = until;
  }

  folded(digest_id: string | undefined): void {
    if (digest_id !== undefined) this.#result.digest_id = digest_id;
  }

  succeed({ refused, note }: Success, message: string): void {
    this.#clear();
    if (refused !== undefined) this.#result.refused = refused;
    const missed = refused === undefined ? '' : `，但 ${refused.length} 个接收人未送达`;
    this.#write('success', `${message}${missed}${note === undefined ? '' : `；${note}`}`);
  }

  late(): void {
    this.#result.late = true;
    delete this.#result.passed;
  }

  fail(failure: Failure, status: 'failed' | 'timeout'): void {
    const isClosed = (this.#result.paused_until ?? 0) > this.#ports.clock.now();
    if (failure.kind !== 'rate_limited' || !isClosed) this.#opened();
    this.#result.reason = failure.kind;
    if (failure.code !== undefined) this.#result.code = failure.code;
    if (failure.remedy !== undefined) this.#result.remedy = failure.remedy.zh;
    this.#write(status, failure.message);
  }

  failAsPassed(failure: Failure): void {
    this.#result.passed = true;
    this.fail(failure, 'failed');
  }

  /** As if the leaf had never been entered. */
  erase(): void {
    void this.#ports.store.record(this.#task, this.#send.leaf, undefined);
  }

  #opened(): void {
    if (this.#result.paused_until !== undefined) delete this.#result.paused_until;
  }

  #clear(): void {
    this.#opened();
    if (this.#result.reason === undefined) return;
    delete this.#result.reason;
    delete this.#result.code;
    delete this.#result.remedy;
  }

  #write(status: Result['status'], message: string): void {
    const now = this.#ports.clock.now();
    this.#result.status = status;
    this.#result.message = message;
    this.#result.timestamp = now;
    this.#result.latency_ms = now - this.#task.created_at;
    void this.#ports.store.record(this.#task, this.#send.leaf, this.#result);
  }
}

import type { List, Listed } from '../list.ts';
import type { Deliver, Leg, Life, Send, Task } from '../model.ts';
import { type Carrier, type Run, run } from '../strategy/run.ts';

/** A task being worked on: its walk through the plan, its copies, and its time. */
export class Work implements Life, Carrier, Listed {
  readonly task: Task;
  /** Why nothing new may be sent, once that is so. */
  overBecause: string | undefined = undefined;
  list: List | undefined = undefined;
  before: Listed | undefined = undefined;
  after: Listed | undefined = undefined;
  readonly #deliver: Deliver;
  readonly #legs: (Leg | undefined)[];
  readonly #run: Run | undefined;

  constructor(task: Task, deliver: Deliver) {
    this.task = task;
    this.#deliver = deliver;
    // An array that grows by itself takes room for seventeen.
    this.#legs = Array<undefined>(task.results.length);
    this.#run = task.plan && run(task.plan, this);
    for (const copy of task.copies) this.send(copy, { stay: 'deadline' });
  }

  /** Tells one listener, once, that every leaf and copy has ended. */
  onEnd(told: () => void): void {
    const copies = this.task.copies.map((copy) => this.#legs[copy.leaf]!);
    if (this.#run && copies.length === 0) return this.#run.onEnd(told);
    const all: Pick<Run, 'onEnd'>[] = this.#run ? [this.#run, ...copies] : copies;
    void Promise.all(all.map((one) => new Promise<void>((resolve) => one.onEnd(() => resolve())))).then(told);
  }

  isOver(): boolean {
    return this.overBecause !== undefined;
  }

  arrivedLate(leaf: number): void {
    this.#run?.late(leaf);
  }

  /** It is somebody else's now: nothing more is sent or told. */
  drop(): void {
    this.overBecause ??= '';
    for (const leg of this.#legs) leg?.drop();
  }

  /** Nothing new is sent from now on. @param force does not wait for attempts in hand either */
  expire(reason: string, force = false): void {
    this.overBecause ??= reason;
    for (const leg of this.#legs) leg?.expire(reason, force);
  }

  send(leaf: Send, mode: Parameters<Deliver>[2]): Leg {
    const leg = this.#deliver(this.task, leaf, mode, this);
    this.#legs[leaf.leaf] = leg;
    return leg;
  }
}

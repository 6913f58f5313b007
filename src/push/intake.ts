import type { Emitter } from '../events.ts';
import type { Clock, Task } from '../model.ts';
import type { Store } from '../store/store.ts';
import { createPlaces, lastTenthKept, tenthEach } from './places.ts';

export interface IntakePorts {
  readonly clock: Pick<Clock, 'after'>;
  readonly events: Pick<Emitter, 'emit'>;
  readonly store: Pick<Store, 'durable' | 'take'>;
  /** Most tasks in hand. */
  readonly size: () => number;
  /** A task that waited in the store has a place now. */
  readonly start: (task: Task) => void;
  /** A place has been given back. */
  readonly released: () => void;
}

type Holder = Pick<Task, 'alias' | 'line'>;

/** The places of the tasks in hand, and those who wait for one in the store. */
export interface Intake {
  /** Takes a place; false: there is none for it. */
  reserve(task: Holder): boolean;
  release(task: Holder): void;
  /**
   * Tasks are waiting in the store.
   * @param lines where, if that is known
   */
  wake(lines?: readonly string[]): void;
  /** Takes nothing more from the store. */
  stop(): void;
  readonly taken: number;
  /** The store is being asked. */
  readonly pulling: boolean;
}

/** Places that have to be free before more is taken from the store: one by one would be many small reads. */
const HANDFUL = 100;

/** Milliseconds until a store that did not answer is asked again. */
const PAUSE = 5000;

export function createIntake({ clock, events, store, size, start, released }: IntakePorts): Intake {
  const places = createPlaces(size, store.durable ? tenthEach : lastTenthKept);
  /** In whose name a task holds its place: nobody is refused where it can wait in the store. */
  const holderOf = ({ alias, line }: Holder) => (store.durable ? line : alias);
  /** Tasks may be waiting in the store. */
  let waiting = false;
  /** Somebody has said so, or made room, since the last look. */
  let woken = false;
  let pulling = false;
  let stopped = false;

  const hasRoom = () => !stopped && (places.free >= Math.min(HANDFUL, size() / 10) || places.taken === 0);

  function wake(lines?: readonly string[]): void {
    waiting = true;
    // Who has its share already is not asked for: its next place comes with a release.
    if (lines?.every((line) => (places.held.get(line) ?? 0) >= places.share)) return;
    woken = true;
    if (!pulling) void pull();
  }

  /** Takes from the store as much as there is room for. */
  async function pull(): Promise<void> {
    pulling = true;
    try {
      while (waiting && hasRoom()) {
        waiting = woken = false;
        const { free, share, held } = places;
        const { tasks, more } = await store.take({ free, share, held });
        waiting ||= more;
        for (const task of tasks) {
          // The store gives them back when it closes.
          if (stopped) break;
          places.take(holderOf(task));
          start(task);
        }
        // What is there may have no room yet; what has come meanwhile was not looked for.
        if (tasks.length === 0 && !woken) break;
      }
    } catch (error) {
      events.emit('crashed', { where: 'store', error });
      clock.after(PAUSE, () => wake());
    } finally {
      pulling = false;
      if (stopped) released();
    }
  }

  return {
    reserve: (task) => places.reserve(holderOf(task)),
    release(task) {
      places.release(holderOf(task));
      released();
      // While the store is being asked, what was true of the places may have changed.
      if (waiting || pulling) wake();
    },
    wake,
    stop() {
      stopped = true;
    },
    get taken() {
      return places.taken;
    },
    get pulling() {
      return pulling;
    },
  };
}

import type { OpenLine, Queue } from '../sql/books.ts';
import type { Room } from '../store.ts';

interface Line {
  readonly line: string;
  readonly urgent: number;
  /** All that wait have a greater id. */
  after: string;
  /** How many wait, those whose commit is under way included. */
  count: number;
  /** Those of them whose commit is under way. */
  coming: number;
}

/** What a page may hold of one line: with more, the others would wait for their turn. */
const LONGEST_RUN = 50;

/** Tasks that wait in the store while this process, which has the store to itself, is full: line by line. */
export class Queues {
  readonly #lines = new Map<string, Line>();

  /** @param open every unfinished task; none of them is in hand yet */
  constructor(open: readonly OpenLine[]) {
    for (const { line, urgent, count } of open)
      this.#lines.set(keyOf(line, urgent), { line, urgent, count, after: '', coming: 0 });
  }

  /** A newcomer may not be taken before those. */
  has(line: string, urgent: number): boolean {
    return this.#lines.has(keyOf(line, urgent));
  }

  /** It would be looked for behind its place. */
  isPast(id: string, line: string, urgent: number): boolean {
    const queue = this.#lines.get(keyOf(line, urgent));
    return queue !== undefined && id <= queue.after;
  }

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  /**
   * This one is being stored, to wait. Ids ascend.
   * @returns told when that has come to an end
   */
  add(id: string, line: string, urgent: number): (stored: boolean) => void {
    const key = keyOf(line, urgent);
    let queue = this.#lines.get(key);
    // A beginning of the id is less than the id, and more than every id before it.
    if (queue === undefined)
      this.#lines.set(key, (queue = { line, urgent, count: 0, after: id.slice(0, -1), coming: 0 }));
    queue.count++;
    queue.coming++;
    return (stored) => {
      queue.coming--;
      if (!stored) queue.count--;
      this.#forget(queue);
    };
  }

  /** What to read next: the urgent first, then line by line in turn, none of the lines that are full. */
  page({ free, share, held }: Room, most: number): (Queue & { most: number })[] {
    /** Places that a line may still take. */
    const left = new Map<string, number>();
    const leftOf = (line: string) => left.get(line) ?? share - (held.get(line) ?? 0);
    const open = [...this.#lines.values()]
      .filter(({ line, count, coming }) => count > coming && leftOf(line) > 0)
      .toSorted((a, b) => b.urgent - a.urgent);
    const page: (Queue & { most: number })[] = [];
    let room = Math.min(free, most);
    for (const { line, urgent, after, count, coming } of open) {
      const take = Math.min(room, leftOf(line), count - coming, open.length === 1 ? room : LONGEST_RUN);
      if (take <= 0) continue;
      page.push({ line, urgent, after, most: take });
      left.set(line, leftOf(line) - take);
      room -= take;
    }
    // Who has been served goes to the end.
    for (const { line, urgent } of page) {
      const key = keyOf(line, urgent);
      const queue = this.#lines.get(key)!;
      this.#lines.delete(key);
      this.#lines.set(key, queue);
    }
    return page;
  }

  /** These have been read of a queue, in order of their ids. */
  taken({ line, urgent }: Pick<Queue, 'line' | 'urgent'>, ids: readonly string[], asked: number): void {
    const queue = this.#lines.get(keyOf(line, urgent));
    if (queue === undefined) return;
    queue.after = ids.at(-1) ?? queue.after;
    queue.count -= ids.length;
    // Fewer than were counted: some have ended by other means (an audit).
    if (ids.length < asked) queue.count = queue.coming;
    this.#forget(queue);
  }

  /** Every line that is not taken whole. */
  all(): Queue[] {
    return [...this.#lines.values()].map(({ line, urgent, after }) => ({ line, urgent, after }));
  }

  #forget(queue: Line): void {
    if (queue.count <= 0 && queue.coming === 0) this.#lines.delete(keyOf(queue.line, queue.urgent));
  }
}

const keyOf = (line: string, urgent: number): string => `${urgent}${line}`;

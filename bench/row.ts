import { median } from './median.ts';
import type { Busy } from './stage.ts';

/** How a bench is to be run. */
export interface Terms {
  /** Alternations of each row. */
  readonly runs: number;
  /** Share of the full number of pushes; below 1 the figures only show that the bench works. */
  readonly scale: number;
  readonly profile?: string | undefined;
  /** Progress, for people. */
  readonly tell: (line: string) => void;
}

/** For rows whose runs are long: the whole bench is to take some ten minutes. */
export const atMost = (most: number, terms: Terms): Terms => ({ ...terms, runs: Math.min(most, terms.runs) });

/** One side of a bound that the judged figure has to keep. */
export type Bound = { readonly least: number } | { readonly most: number };

export interface Row {
  /** For `--row`. */
  readonly name: string;
  readonly measure: string;
  readonly bar: Bound;
  readonly aim: Bound;
  /** Writes a figure of this row, and the bound, for the table. */
  readonly write: (value: number) => string;
  /** What the bound is about: the ratio of ours to the floor, or our figure itself. */
  readonly judged: 'ratio' | 'ours';
  run(terms: Terms): Promise<Figures>;
}

export interface Figures {
  /** Absent where there is nothing to compare with. */
  readonly floor?: number;
  readonly ours: number;
  /** Every run, in order. */
  readonly runs: { readonly floor: readonly number[]; readonly ours: readonly number[] };
  /** What else was seen. */
  readonly details?: Readonly<Record<string, unknown>>;
}

export type Verdict = 'ok' | 'aim' | 'MISSED';

/** `aim`: better than the bar asks for. */
export function verdictOf({ bar, aim, judged }: Row, figures: Figures): Verdict {
  const value = judged === 'ratio' ? ratioOf(figures)! : figures.ours;
  if (!keeps(value, bar)) return 'MISSED';
  return keeps(value, aim) ? 'aim' : 'ok';
}

export function ratioOf({ floor, ours }: Figures): number | undefined {
  return floor === undefined ? undefined : ours / floor;
}

/** One measurement of one side. */
export interface Sample {
  readonly value: number;
  readonly busy: Busy;
  /** Processor time of the server per push, in microseconds: hardly moved by what else the machine does. */
  readonly cpu_us: number;
}

interface Pair {
  readonly floor: Sample;
  readonly ours: Sample;
}

/** Cores that the rest of the machine may use before a measurement counts as disturbed. */
const MOST_OTHERS = 0.05;

export const isDisturbed = ({ busy }: { readonly busy: Busy }): boolean => busy.others > MOST_OTHERS;

/**
 * Runs floor, ours, floor, ours …: what slows the machine for a while slows both. A disturbed pair is measured again,
 * for at most as many pairs as were asked for; what is still missing then is taken from the disturbed ones.
 */
export async function alternate(
  terms: Terms,
  unit: string,
  floor: () => Promise<Sample>,
  ours: () => Promise<Sample>,
): Promise<Figures> {
  const tell = (side: string, { value, busy, cpu_us }: Sample) => {
    const shares = Object.entries(busy).map(([name, share]) => `${name} ${Math.round(share * 100)} %`);
    terms.tell(`${side.padEnd(5)} ${value.toFixed(0)} ${unit}, ${cpu_us.toFixed(0)} µs of CPU (${shares.join(', ')})`);
  };
  const { kept: pairs, disturbed } = await undisturbed(terms, async () => {
    const pair = { floor: await floor(), ours: await ours() };
    tell('floor', pair.floor);
    tell('ours', pair.ours);
    return { ...pair, disturbed: isDisturbed(pair.floor) || isDisturbed(pair.ours) };
  });
  const of = (side: keyof Pair, key: 'value' | 'cpu_us') => pairs.map((pair) => pair[side][key]);
  return {
    floor: median(of('floor', 'value')),
    ours: median(of('ours', 'value')),
    runs: { floor: of('floor', 'value'), ours: of('ours', 'value') },
    details: {
      cpu_us: { floor: median(of('floor', 'cpu_us')), ours: median(of('ours', 'cpu_us')) },
      busy: { floor: busyOf(pairs.map((pair) => pair.floor)), ours: busyOf(pairs.map((pair) => pair.ours)) },
      disturbed,
    },
  };
}

/**
 * Measures until so many undisturbed runs are there, but not more than twice as often as that.
 * @returns as many runs as were asked for, and how many of them were disturbed after all
 */
export async function undisturbed<T extends { readonly disturbed: boolean }>(
  { runs, tell }: Terms,
  measure: () => Promise<T>,
): Promise<{ kept: T[]; disturbed: number }> {
  const all: T[] = [];
  while (all.filter((run) => !run.disturbed).length < runs && all.length < 2 * runs) {
    const run = await measure();
    if (run.disturbed) tell('disturbed: something else was running');
    all.push(run);
  }
  const kept = all.toSorted((a, b) => Number(a.disturbed) - Number(b.disturbed)).slice(0, runs);
  return { kept, disturbed: kept.filter((run) => run.disturbed).length };
}

/** NaN keeps no bound. */
function keeps(value: number, bound: Bound): boolean {
  return 'least' in bound ? value >= bound.least : value <= bound.most;
}

/** Medians: the sink and the generator must have had time to spare, or they are what was measured. */
function busyOf(samples: readonly Sample[]): Busy {
  const of = (key: keyof Busy) => Math.round(median(samples.map(({ busy }) => busy[key] ?? 0)) * 100) / 100;
  const database = samples.some(({ busy }) => busy.database !== undefined) && { database: of('database') };
  return { server: of('server'), sink: of('sink'), load: of('load'), ...database, others: of('others') };
}

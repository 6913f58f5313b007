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
  readonly busy?: Busy;
}

/** Runs floor, ours, floor, ours …: what slows the machine for a while slows both. */
export async function alternate(
  terms: Terms,
  unit: string,
  floor: () => Promise<Sample>,
  ours: () => Promise<Sample>,
): Promise<Figures> {
  const samples: { floor: Sample[]; ours: Sample[] } = { floor: [], ours: [] };
  for (let run = 1; run <= terms.runs; run++) {
    for (const [side, measure] of [
      ['floor', floor],
      ['ours', ours],
    ] as const) {
      const sample = await measure();
      samples[side].push(sample);
      const busy = sample.busy === undefined ? '' : ` (${told(sample.busy)})`;
      terms.tell(`${run}/${terms.runs} ${side} ${sample.value.toPrecision(4)} ${unit}${busy}`);
    }
  }
  const values = { floor: samples.floor.map((s) => s.value), ours: samples.ours.map((s) => s.value) };
  return {
    floor: median(values.floor),
    ours: median(values.ours),
    runs: values,
    details: { floor_busy: busyOf(samples.floor), ours_busy: busyOf(samples.ours) },
  };
}

/** NaN keeps no bound. */
function keeps(value: number, bound: Bound): boolean {
  return 'least' in bound ? value >= bound.least : value <= bound.most;
}

const told = (busy: Busy) =>
  Object.entries(busy)
    .map(([name, share]) => `${name} ${Math.round(share * 100)} %`)
    .join(', ');

/** Medians: the sink and the generator must have had time to spare, or they are what was measured. */
function busyOf(samples: readonly Sample[]): Busy | undefined {
  const all = samples.flatMap(({ busy }) => busy ?? []);
  if (all.length === 0) return undefined;
  const of = (key: keyof Busy) => Math.round(median(all.map((busy) => busy[key])) * 100) / 100;
  return { server: of('server'), sink: of('sink'), load: of('load') };
}

import { type Bound, type Figures, type Row, ratioOf, verdictOf } from './row.ts';

const HEAD = ['measure', 'floor', 'ours', 'ratio', 'bar', 'aim', ''];

/** The rows as lines of text, in columns. */
export function tableOf(results: readonly { readonly row: Row; readonly figures: Figures }[]): string {
  const lines = [HEAD, ...results.map(({ row, figures }) => cellsOf(row, figures))];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => cells[column]!.length)));
  const written = lines.map((cells) =>
    cells.map((cell, i) => (i === 0 || i === HEAD.length - 1 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))),
  );
  return written.map((cells) => cells.join('  ').trimEnd()).join('\n');
}

function cellsOf(row: Row, figures: Figures): string[] {
  const ratio = ratioOf(figures);
  const bound = row.judged === 'ratio' ? (value: number) => value.toFixed(2) : row.write;
  return [
    row.measure,
    figures.floor === undefined ? '–' : row.write(figures.floor),
    row.write(figures.ours),
    ratio === undefined ? '–' : ratio.toFixed(2),
    boundOf(row.bar, bound),
    boundOf(row.aim, bound),
    verdictOf(row, figures),
  ];
}

const boundOf = (bound: Bound, write: (value: number) => string) =>
  'least' in bound ? `≥ ${write(bound.least)}` : `≤ ${write(bound.most)}`;

import type { ColumnEvidence, EvidencePlace, EvidenceRecord } from '../api/answers';

/** One line of the comparison: a fact of all places, such as the NULLs of a column. */
export interface FactLine {
  /** The column; null for a fact of whole rows. */
  column: string | null;
  what: string;
  /** By place, in their order; null where a place does not tell. */
  values: (string | null)[];
  /** By place: it has another value than a place that it was compared with. */
  differs: boolean[];
}

/** All facts that any place tells, rows first, then column by column; columns go by name in any case. */
export function factLines(record: EvidenceRecord): FactLine[] {
  const lines: FactLine[] = [];
  add(null, 'rows', (place) => String(place.rows));
  add(null, 'hash', (place) => place.hash);
  const names = new Map(record.places.flatMap((place) => place.columns).map((column) => [column.name.toLowerCase(), column.name]));
  for (const [key, name] of names) {
    const of = (place: EvidencePlace): ColumnEvidence | undefined => place.columns.find((column) => column.name.toLowerCase() === key);
    add(name, 'nulls', (place) => of(place)?.nulls.toString());
    add(name, 'min', (place) => of(place)?.min);
    add(name, 'max', (place) => of(place)?.max);
  }

  return lines;

  function add(column: string | null, what: string, fact: (place: EvidencePlace) => string | undefined): void {
    const values = record.places.map((place) => fact(place) ?? null);
    if (values.every((value) => value === null)) return;
    lines.push({ column, what, values, differs: record.places.map((place, at) => isDisputed(place.name, values[at] ?? null, values)) });
  }

  function isDisputed(place: string, value: string | null, values: (string | null)[]): boolean {
    return record.comparisons.some((pair) => {
      const partner = pair.one === place ? pair.other : pair.other === place ? pair.one : null;
      const other = partner === null ? null : (values[record.places.findIndex((one) => one.name === partner)] ?? null);
      return value !== null && other !== null && value !== other;
    });
  }
}

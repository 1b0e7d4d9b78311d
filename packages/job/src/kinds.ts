import { z } from 'zod';

/** Rows by their kind: a row that stands under another kind than its schema's does not compile. */
export type RowsByKind<Rows> = {
  readonly [Kind in keyof Rows]: { readonly schema: SchemaOfKind<Kind> };
};

type SchemaOfKind<Kind> = z.ZodType<{ readonly kind: Kind }> & z.core.$ZodTypeDiscriminable;

/** What a job may say of one family, by `kind`: any of the table's rows, and nothing else. */
export function unionOf<Rows extends RowsByKind<Rows>>(rows: Rows) {
  type Row = Rows[keyof Rows];
  const schemas = (Object.values(rows) as Row[]).map(({ schema }): Row['schema'] => schema);
  return z.discriminatedUnion('kind', schemas as [Row['schema'], ...Row['schema'][]]);
}

import { describe, expect, it } from 'vitest';
import { type CallerRole, ROUTES } from '../../packages/coordinator/src/http/route-table.js';
import { readDocument } from '../support/documents.js';

const COLUMNS: readonly CallerRole[] = ['operator', 'observer', 'coordinator'];

describe('the table of who may call what, in the operations’ guide', () => {
  it('is the one that the coordinator goes by, row by row', async () => {
    const guide = await readDocument('docs/operations/README.md');
    const rows = [...guide.matchAll(/^\| `((?:GET|PUT|POST|DELETE) [^`]+)` \| (.*) \|$/gm)];
    const said = Object.fromEntries(
      rows.map(([, route = '', cells = '']) => [route, cells.split(' | ')]),
    );
    const meant = Object.entries(ROUTES).map(([route, { may }]) => [
      route,
      COLUMNS.map((role) => (may.includes(role) ? 'yes' : '–')),
    ]);
    expect(said).toEqual(Object.fromEntries(meant));
  });
});

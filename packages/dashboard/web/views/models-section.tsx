import { DataTable, words } from '@fedvox/desk/web';
import { toldText } from '@fedvox/report/parts';
import type { JobDetails } from '../../src/page-contract.js';
import { say } from '../language.js';
import { Digest } from '../parts/digest.js';
import { self } from '../session.js';

/** Every model with its figures and its digest, to be saved. */
export function ModelsSection({ id, rounds, best }: JobDetails) {
  const { terms } = words.value;
  const metrics = self.value?.metrics ?? [];
  const columns = [
    { title: terms.round, isNumber: true },
    ...metrics.map(({ title }) => ({ title, isNumber: true })),
    { title: terms.digest },
    { title: say('save') },
  ];
  const rows = [...rounds].reverse().map((row) => ({
    key: String(row.round),
    isMarked: row.round === best?.round,
    cells: [
      row.round === best?.round ? `${row.round} (${terms.best})` : String(row.round),
      ...metrics.map(({ name }) => toldText(row, name, words.value)),
      <Digest key="digest" sha256={row.modelSha256} />,
      <a
        key="save"
        href={`/api/jobs/${encodeURIComponent(id)}/model?round=${row.round}`}
        download
        aria-label={say('saveModel', { round: row.round })}
      >
        {say('save')}
      </a>,
    ],
  }));
  return (
    <section>
      <h2>{terms.models}</h2>
      <DataTable name={terms.models} columns={columns} rows={rows} />
      <p class="note">
        {say('modelNote', { command: `fedvox job model ${id} --output best.safetensors` })}
      </p>
    </section>
  );
}

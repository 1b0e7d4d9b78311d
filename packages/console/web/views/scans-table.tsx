import { DataTable } from '@fedvox/desk/web';
import { useRef, useState } from 'preact/hooks';
import type { ShownScan } from '../../src/console-contract.js';
import { say } from '../language.js';
import { ScanReason } from '../parts/scan-reason.js';

/** Tables of thousands of rows hold a browser up; the first ones are shown, and how many more there are. */
const MOST_ROWS = 500;
const THUMBNAIL_PIXELS = 160;

/** Scans with a small picture each, which opens the sheet of their slices. */
export function ScansTable({ scans }: { scans: readonly ShownScan[] }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState<ShownScan | null>(null);
  const show = (scan: ShownScan) => {
    setOpen(scan);
    dialog.current?.showModal();
  };
  const columns = [
    { title: say('scan') },
    { title: say('picture') },
    { title: say('modality') },
    { title: say('voxels') },
    { title: say('spacing') },
    { title: say('labels') },
    { title: say('verdict') },
  ];
  const rows = scans.slice(0, MOST_ROWS).map((scan) => ({
    key: scan.what,
    cells: cellsOf(scan, () => show(scan)),
  }));
  return (
    <>
      <DataTable name={say('data')} columns={columns} rows={rows} />
      {scans.length > MOST_ROWS && (
        <p class="note">{say('firstOf', { n: MOST_ROWS, of: scans.length })}</p>
      )}
      <dialog ref={dialog} class="sheet" aria-label={say('pictureOf', { scan: open?.what ?? '' })}>
        <h2>{open?.what}</h2>
        {open?.picture && (
          <img src={addressOf(open.picture)} alt={say('pictureOf', { scan: open.what })} />
        )}
        <p class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            {say('close')}
          </button>
        </p>
      </dialog>
    </>
  );
}

function cellsOf(scan: ShownScan, show: () => void) {
  const { what, caseId, modality, shape, spacingMm, labels } = scan;
  return [
    <>
      {what}
      {caseId !== undefined && caseId !== what && <span class="note line">{caseId}</span>}
    </>,
    <Thumbnail key="picture" scan={scan} show={show} />,
    modality ?? '',
    shape?.join(' × ') ?? '',
    spacingMm?.map((mm) => mm.toFixed(2)).join(' × ') ?? '',
    labels.map(({ name, ml }) => `${name} ${ml.toFixed(1)} ml`).join(', '),
    <Verdict key="verdict" scan={scan} />,
  ];
}

function Thumbnail({ scan: { what, picture }, show }: { scan: ShownScan; show: () => void }) {
  if (picture === null) return null;
  const small = picture.replace(/\.png$/, '-thumbnail.png');
  return (
    <button type="button" class="thumbnail" onClick={show}>
      <img
        src={addressOf(small)}
        alt={say('pictureOf', { scan: what })}
        width={THUMBNAIL_PIXELS}
        height={THUMBNAIL_PIXELS}
        loading="lazy"
      />
    </button>
  );
}

function Verdict({ scan: { usable, refusal, warnings } }: { scan: ShownScan }) {
  return (
    <>
      <span class={usable ? 'good' : 'past'}>{say(usable ? 'usable' : 'refused')}</span>
      {refusal && (
        <span class="note line">
          <ScanReason {...refusal} /> ({refusal.code})
        </span>
      )}
      {warnings.map((warning) => (
        <span key={warning.reason} class="note line">
          <ScanReason {...warning} /> {warning.code && `(${warning.code})`}
        </span>
      ))}
    </>
  );
}

const addressOf = (picture: string) => `/api/data/pictures/${picture}`;

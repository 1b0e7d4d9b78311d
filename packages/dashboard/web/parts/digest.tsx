import { words } from '@fedvox/desk/web';

/** A digest, cut off by its place alone: whole to whoever selects it, or points at it. */
export function Digest({ sha256 }: { sha256: string | null }) {
  if (sha256 === null) return <>{words.value.terms.none}</>;
  return (
    <code class="digest" title={sha256}>
      {sha256}
    </code>
  );
}

import type { LabelMap, Volume } from '@fedvox/imaging';
import type { Job } from '@fedvox/job';

/** A case as training sees it: preprocessed, and what its network is to say of it. */
export type TrainingCase = LabelledVoxels | LabelledCase;

interface LabelledVoxels extends CaseImage {
  /** On the image's grid. */
  readonly label: LabelMap;
}

interface LabelledCase extends CaseImage {
  /** Of the job's classes, by its index. */
  readonly caseClass: number;
}

interface CaseImage {
  /** For errors; never leaves the site. */
  readonly caseId?: string;
  readonly image: Volume;
}

/** Bytes of cases a store keeps by default: 208 hippocampi take 160 MB, some twenty whole CTs fill it. */
export const MAX_RESIDENT_BYTES = 2 * 1024 ** 3;

/** What a job keeps in memory: of cases that are trained on by patches none whole. */
export function caseStoreOf({ training }: Pick<Job, 'training'>): CaseStore {
  return new CaseStore(training.patches === undefined ? MAX_RESIDENT_BYTES : 0);
}

/**
 * Keeps as many loaded cases as fit. What is kept stays: cases are visited once per epoch in random
 * order, and for that pattern any eviction would only throw away what comes next.
 */
export class CaseStore {
  readonly #maxResidentBytes: number;
  readonly #resident = new Map<unknown, TrainingCase>();
  #residentBytes = 0;

  constructor(maxResidentBytes = MAX_RESIDENT_BYTES) {
    this.#maxResidentBytes = maxResidentBytes;
  }

  /**
   * The case of this key: the one kept, else what `load` gives. A name is no key: two data sets may
   * each have a case of it.
   */
  async get(key: unknown, load: () => Promise<TrainingCase>): Promise<TrainingCase> {
    const kept = this.#resident.get(key);
    if (kept !== undefined) return kept;
    const loaded = await load();
    const ofLabel = 'label' in loaded ? loaded.label.data.byteLength : 0;
    const byteLength = loaded.image.data.byteLength + ofLabel;
    if (!this.#resident.has(key) && this.#residentBytes + byteLength <= this.#maxResidentBytes) {
      this.#resident.set(key, loaded);
      this.#residentBytes += byteLength;
    }
    return loaded;
  }
}

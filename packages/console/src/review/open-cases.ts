import { assert } from '@fedvox/base';
import { fail } from '../errors.js';
import { Draft, type HeldDraft } from './draft.js';
import type { LoadedCase } from './opened-case.js';

/** Of all cases in memory, but for a single one that is larger: 512 × 512 × 300 are 79 million. */
const MAX_VOXELS = 100_000_000;
/** Labels that people have begun to correct and not saved. */
const MAX_DRAFTS = 32;

/** A case in memory, and what people draw over it. */
export interface OpenCase {
  /** Review and case. */
  readonly key: string;
  /** Of the review. */
  readonly atMs: number;
  loading: Promise<LoadedCase>;
  /** Once it is loaded. */
  loaded?: LoadedCase;
  /** By who draws. */
  readonly drafts: Map<string, Draft>;
  /** Another number is another picture. */
  version: number;
}

/**
 * Cases in memory, those that were asked for last. One that makes room for others leaves what was drawn over it here: a drawing ends when it is
 * saved or dropped, and by nothing else that people do.
 */
export class OpenCases {
  /** Asked for longest ago first. */
  readonly #cases = new Map<string, OpenCase>();
  /** Of cases that are not in memory, by case and who draws. */
  readonly #held = new Map<string, Map<string, HeldDraft>>();
  #version = 0;

  constructor(private readonly mostVoxels = MAX_VOXELS) {}

  get(key: string): OpenCase | undefined {
    const open = this.#cases.get(key);
    if (open === undefined) return undefined;
    this.#cases.delete(key);
    this.#cases.set(key, open);
    return open;
  }

  /** Those before it make room, so that two large ones are never in memory. */
  open(key: string, atMs: number, load: () => Promise<LoadedCase>): OpenCase {
    assert(!this.#cases.has(key), 'a case is opened once');
    this.#makeRoom(this.mostVoxels / 2);
    const open: OpenCase = {
      ...{ key, atMs, drafts: new Map(), version: this.nextVersion() },
      loading: load().then((loaded) => this.#take(open, loaded)),
    };
    this.#cases.set(key, open);
    open.loading.catch(() => this.#forget(open));
    return open;
  }

  /** The case has another label: whoever draws over it goes on over that one. */
  relabel(open: OpenCase, loaded: LoadedCase): void {
    const before = open.loaded?.voxels.label;
    assert(before !== undefined, 'a case that is corrected was loaded');
    for (const [who, draft] of open.drafts) {
      open.drafts.set(who, Draft.resumed(loaded.voxels.label, draft.held(before)));
    }
    open.loaded = loaded;
    open.loading = Promise.resolve(loaded);
    open.version = this.nextVersion();
  }

  /** Scan and label are read anew when the case is next asked for; what is drawn over it goes on. */
  leave(open: OpenCase): void {
    if (open.loaded !== undefined && open.drafts.size > 0) {
      const { label } = open.loaded.voxels;
      const held = [...open.drafts].map(([who, draft]) => [who, draft.held(label)] as const);
      this.#held.set(open.key, new Map(held));
      open.drafts.clear();
    }
    this.#forget(open);
  }

  /**
   * Begins to correct a case; a correction that was begun goes on.
   * @throws FedvoxError `console/too-many-drafts`
   */
  begin({ drafts }: OpenCase, who: string, draft: () => Draft): void {
    if (drafts.has(who)) return;
    const lists = [...this.#cases.values()].map((each) => each.drafts);
    const count = [...lists, ...this.#held.values()].reduce((sum, { size }) => sum + size, 0);
    if (count >= MAX_DRAFTS) throw fail('too-many-drafts', { most: String(MAX_DRAFTS) });
    drafts.set(who, draft());
  }

  nextVersion(): number {
    this.#version += 1;
    return this.#version;
  }

  #take(open: OpenCase, loaded: LoadedCase): LoadedCase {
    open.loaded = loaded;
    for (const [who, held] of this.#held.get(open.key) ?? []) {
      open.drafts.set(who, Draft.resumed(loaded.voxels.label, held));
    }
    this.#held.delete(open.key);
    this.#makeRoom(this.mostVoxels, open);
    return loaded;
  }

  #makeRoom(most: number, kept?: OpenCase): void {
    for (const open of [...this.#cases.values()]) {
      if (this.#voxels() <= most) return;
      // What is still being read is somebody's at this moment.
      if (open !== kept && open.loaded !== undefined) this.leave(open);
    }
  }

  #voxels(): number {
    return [...this.#cases.values()].reduce(
      (sum, { loaded }) => sum + (loaded?.voxels.label.data.length ?? 0),
      0,
    );
  }

  #forget(open: OpenCase): void {
    if (this.#cases.get(open.key) === open) this.#cases.delete(open.key);
  }
}

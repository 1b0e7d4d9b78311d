import { posix } from 'node:path';
import { sha256 } from '@fedvox/base';
import { fail } from '../errors.js';
import { groupBy } from '../group-by.js';
import { type Refusal, refusalOf } from '../refusal.js';
import type { CaseRef } from './case-ref.js';
import { sameFiles } from './same-files.js';

/** An image that a manifest lists, by its path there. */
export interface Listed {
  readonly image: string;
  readonly subject?: string | undefined;
}

/** Where the Decathlon keeps its images; such a case goes by what follows. */
const IMAGE_FOLDER = 'imagesTr/';

/**
 * A case goes by its image's place in the data set, not by its file's name: studies kept as BIDS call
 * every image `T1w.nii.gz`.
 */
export function caseIdOf({ image }: Listed): string {
  const place = placeOf(image);
  const short = place.startsWith(IMAGE_FOLDER) ? place.slice(IMAGE_FOLDER.length) : place;
  return withoutEnding(short);
}

function placeOf(image: string): string {
  return posix.normalize(image.replaceAll('\\', '/'));
}

function withoutEnding(place: string): string {
  return place.replace(/\.nii(\.gz)?$/, '');
}

/** BIDS names the subject in the path: a folder `sub-01`, or a file `sub-01_T1w.nii.gz`. */
const BIDS_SUBJECT = /(?:^|\/)(sub-[A-Za-z0-9]+)(?=[/_])/;

/** Key of the patient that an image is of, where the manifest or its path says one. */
export function patientKeyOf({ image, subject }: Listed): string | undefined {
  const named = subject ?? BIDS_SUBJECT.exec(placeOf(image))?.[1];
  return named === undefined ? undefined : sha256(`subject/${named}`);
}

/** Those of a name of their own, and the refusals of different images that share one. */
export function ownNames<T extends Listed>(listed: readonly T[]): Parted<T> {
  const kept: T[] = [];
  const refused: Refusal[] = [];
  for (const [name, sharing] of groupBy(listed, caseIdOf)) {
    const images = [...new Set(sharing.map(({ image }) => placeOf(image)))];
    if (images.length === 1) kept.push(...sharing);
    else {
      const error = fail('case-name-shared', { name, images: images.join(', ') });
      refused.push(...images.map((image) => refusalOf(image, error)));
    }
  }
  return { kept, refused };
}

interface Parted<T> {
  readonly kept: readonly T[];
  readonly refused: readonly Refusal[];
}

/**
 * Each image with the site that it is of. A key of `sites` is a case's name, or its image's path; a file's
 * mere name does only where one image has it.
 * @param ambiguous is told of a name that several images have: it throws, or they are of no site
 */
export function withSites<T extends Listed>(
  listed: readonly T[],
  sites: Readonly<Record<string, string>>,
  ambiguous: (key: string, images: number) => undefined,
): (T & { readonly site: string | undefined })[] {
  const byBaseName = groupBy(listed, ({ image }) => withoutEnding(posix.basename(placeOf(image))));
  const siteOf = (one: T): string | undefined => {
    const place = placeOf(one.image);
    const keys = [one.image, place, withoutEnding(place), caseIdOf(one)];
    const key = keys.find((each) => Object.hasOwn(sites, each));
    if (key !== undefined) return sites[key];
    const name = withoutEnding(posix.basename(place));
    if (!Object.hasOwn(sites, name)) return undefined;
    const images = new Set(byBaseName.get(name)?.map(({ image }) => placeOf(image))).size;
    return images > 1 ? ambiguous(name, images) : sites[name];
  };
  return listed.map((one) => ({ ...one, site: siteOf(one) }));
}

/** A case and what its manifest calls its image. */
export interface NamedCase {
  readonly what: string;
  readonly ref: CaseRef;
}

/**
 * Each scan once: of images that are byte for byte the same, wherever they lie, the first counts if they have
 * one label; else nobody can say which label is true, and none does.
 */
export async function eachOnce(named: readonly NamedCase[]): Promise<Parted<CaseRef>> {
  const gone = new Set<NamedCase>();
  const refused: Refusal[] = [];
  for (const copies of await copiesAmong(named)) {
    const [first, ...others] = copies as [NamedCase, ...NamedCase[]];
    const isOneLabel = await haveOneLabel(copies);
    for (const one of isOneLabel ? others : copies) {
      const error = isOneLabel
        ? fail('duplicate-case', { what: one.what, first: first.what })
        : fail('conflicting-cases', { images: copies.map(({ what }) => what).join(', ') });
      refused.push(refusalOf(one.what, error));
      gone.add(one);
    }
  }
  return { kept: named.filter((one) => !gone.has(one)).map(({ ref }) => ref), refused };
}

/** Headers whose voxels lie in a file of their own may be the same for different scans: they are left out. */
async function copiesAmong(named: readonly NamedCase[]): Promise<NamedCase[][]> {
  const whole = named.filter(({ ref: { source } }) => {
    return source.kind === 'file' && source.dataPaths === undefined;
  });
  const groups = await sameFiles(whole.map(({ ref }) => imagePathOf(ref) as string));
  return groups.map((group) => group.map((at) => whole[at] as NamedCase));
}

async function haveOneLabel(cases: readonly NamedCase[]): Promise<boolean> {
  const paths = cases.map(({ ref }) => labelPathOf(ref));
  if (paths.every((path) => path === paths[0])) return true;
  if (paths.includes(undefined)) return false;
  const [group] = await sameFiles(paths as string[]);
  return group?.length === cases.length;
}

function imagePathOf({ source }: CaseRef): string | undefined {
  return source.kind === 'file' ? source.imagePath : undefined;
}

function labelPathOf({ source }: CaseRef): string | undefined {
  return source.kind === 'file' ? source.label?.path : undefined;
}

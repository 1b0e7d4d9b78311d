import { seededRandom, shuffled } from '@fedvox/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PatientCase, splitByPatient } from './patient-split.js';

const casesOf = (count: number): PatientCase[] =>
  Array.from({ length: count }, (_, index) => ({ caseId: `case-${index}` }));
const upTo = (fraction: number) => ({ from: 0, to: fraction });
const options = { seed: 7, part: upTo(0.25) };
const idsOf = (cases: readonly PatientCase[]) => cases.map(({ caseId }) => caseId).sort();

const split = fc.record({
  seed: fc.nat(),
  part: fc.double({ min: 0.05, max: 0.95, noNaN: true }).map(upTo),
});

describe('the split by patient', () => {
  it('covers every case exactly once and leaves neither side empty where there are two patients', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), split, (count, chosen) => {
        const { train, validation } = splitByPatient(casesOf(count), chosen);
        expect(idsOf([...train, ...validation])).toEqual(idsOf(casesOf(count)));
        expect(train.length).toBeGreaterThan(0);
        expect(validation.length).toBeGreaterThan(0);
      }),
    );
  });

  it('never validates in one selection of cases what it trains on in another', () => {
    const chosen = fc.array(fc.boolean(), { minLength: 60, maxLength: 60 });
    fc.assert(
      fc.property(chosen, chosen, split, (one, other, { seed }) => {
        const sidesOf = (isChosen: readonly boolean[]) => {
          const cases = casesOf(60).filter((_, index) => isChosen[index]);
          fc.pre(cases.length >= 2);
          const result = splitByPatient(cases, { seed, part: upTo(0.3) });
          // A side that was filled is the one thing that depends on who is there.
          fc.pre(result.filled === undefined);
          return result;
        };
        const [a, b] = [sidesOf(one), sidesOf(other)];
        const trained = new Set(idsOf(a.train));
        expect(idsOf(b.validation).filter((id) => trained.has(id))).toEqual([]);
      }),
    );
  });

  it('keeps all scans of a patient together', () => {
    const cases = Array.from({ length: 60 }, (_, index) => ({
      caseId: `case-${index}`,
      patientKey: `patient-${index % 12}`,
    }));
    const { train, validation } = splitByPatient(cases, options);
    const patientsOf = (side: readonly PatientCase[]) =>
      new Set(side.map(({ patientKey }) => patientKey));
    expect(patientsOf(train).size + patientsOf(validation).size).toBe(12);
  });

  it('keeps about the wanted part for validation', () => {
    const { validation } = splitByPatient(casesOf(4000), options);
    // A standard deviation is 27.
    expect(Math.abs(validation.length - 1000)).toBeLessThan(110);
  });

  it('is the same in whatever order the cases were found, and another one under another seed', () => {
    const validationOf = (cases: readonly PatientCase[], seed: number) =>
      idsOf(splitByPatient(cases, { seed, part: upTo(0.5) }).validation);
    const reordered = shuffled(casesOf(50), seededRandom('order'));
    expect(validationOf(reordered, 1)).toEqual(validationOf(casesOf(50), 1));
    expect(validationOf(casesOf(50), 2)).not.toEqual(validationOf(casesOf(50), 1));
  });

  it('has every patient validate in exactly one of k folds, all of its scans', () => {
    const cases = Array.from({ length: 200 }, (_, index) => ({
      caseId: `case-${index}`,
      patientKey: `patient-${index % 70}`,
    }));
    const folds = [0, 1, 2, 3, 4].map((fold) =>
      splitByPatient(cases, { seed: 3, part: { from: fold / 5, to: (fold + 1) / 5 } }),
    );
    expect(idsOf(folds.flatMap(({ validation }) => validation))).toEqual(idsOf(cases));
    for (const { filled } of folds) expect(filled).toBeUndefined();
  });

  it('fills an empty fold with the patient that is nearest to it', () => {
    const cases = casesOf(12);
    const tenths = { from: 0.5, to: 0.5001 };
    const { filled, validation } = splitByPatient(cases, { seed: 1, part: tenths });
    expect(filled).toBe('validation');
    const wider = splitByPatient(cases, { seed: 1, part: { from: 0.35, to: 0.65 } });
    expect(idsOf(wider.validation)).toContain(validation[0]?.caseId);
  });

  it('fills a side that nobody falls on, and says so', () => {
    const rare = splitByPatient(casesOf(5), { seed: 1, part: upTo(0.001) });
    expect(rare).toMatchObject({ filled: 'validation' });
    expect(rare.validation).toHaveLength(1);
    const common = splitByPatient(casesOf(5), { seed: 1, part: upTo(0.999) });
    expect(common).toMatchObject({ filled: 'train' });
    expect(common.train).toHaveLength(1);
    expect(splitByPatient(casesOf(50), options).filled).toBeUndefined();
  });

  it('lets what is remembered stand, whoever comes or goes', () => {
    const before = splitByPatient(casesOf(3), { seed: 1, part: upTo(0.001) });
    for (let count = 3; count < 40; count++) {
      const cases = casesOf(count);
      const after = splitByPatient(cases, { seed: 1, part: upTo(0.001), remembered: before.sides });
      expect(idsOf(after.validation)).toEqual(idsOf(before.validation));
    }
  });

  it('does not validate on what was trained on to fill a side', () => {
    const first = splitByPatient(casesOf(3), { seed: 1, part: upTo(0.001) });
    const { sides: remembered, train } = first;
    expect(() => splitByPatient(train, { seed: 1, part: upTo(0.001), remembered })).toThrow(
      expect.objectContaining({ code: 'learning/too-few-patients' }),
    );
  });

  it('refuses the scans of a single patient: they cannot be trained on and validated on', () => {
    const cases = casesOf(3).map((item) => ({ ...item, patientKey: 'one' }));
    expect(() => splitByPatient(cases, options)).toThrow(/3 usable cases of 1 patient/);
  });
});

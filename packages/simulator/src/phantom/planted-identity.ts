/** What the fields about a patient, and the names of folders, hold in a phantom's files: obviously fake, and easy to search for. */
export interface PlantedIdentity {
  readonly patientName: string;
  readonly patientId: string;
}

const GIVEN_NAMES = ['Jane', 'John', 'Mary', 'Omar', 'Aiko', 'Lena', 'Ravi', 'Noor'] as const;

/**
 * The identity planted in case `index` of a site. Nothing of it may ever leave the hospital; tests
 * search every byte an agent sends for it.
 */
export function plantedIdentity(site: string, index: number): PlantedIdentity {
  const number = String(index).padStart(3, '0');
  const given = GIVEN_NAMES[index % GIVEN_NAMES.length];
  return {
    patientName: `Doe^${given}^${site.toUpperCase()}-${number}`,
    patientId: `PID-${site.toUpperCase()}-${number}-SECRET`,
  };
}

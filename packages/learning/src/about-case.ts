import { FedvoxError } from '@fedvox/base';

/** Does what concerns one case; an error that a person will read then says which. Stays on the site. */
export async function aboutCase<T>(
  caseId: string | undefined,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw caseId === undefined ? error : namingCase(error, caseId);
  }
}

function namingCase(error: unknown, caseId: string): unknown {
  if (!(error instanceof FedvoxError) || error.message.includes(caseId)) return error;
  const { code, message, advice, details } = error;
  return new FedvoxError(
    code,
    `case ${caseId}: ${message}`,
    advice,
    { ...details, caseId },
    {
      cause: error,
    },
  );
}

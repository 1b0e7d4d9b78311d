import type { Answer } from './answer.js';
import { type Effect, MAX_RESENDS, type Memory, type Now, type Step } from './machine-types.js';
import {
  forgetFaults,
  heard,
  rememberFault,
  removeAnswer,
  replaceAnswer,
  setAside,
} from './memory.js';
import { abstain, deliverOrAsk, go, note, stopRefused } from './moves.js';
import { responseTo } from './refusal-responses.js';

type Delivering = Extract<Now, { at: 'delivering' }>;

/** The receipt is stored and the answer out of the outbox. */
export function onDelivered(memory: Memory, answer: Answer): Step {
  const line = note('info', 'answer accepted, receipt stored', fieldsOf(answer));
  const kept = forgetFaults(removeAnswer(memory, answer), answer.task);
  return deliverOrAsk(heard(kept), line);
}

/** Offers the answer under its new name; `resends` goes on counting. */
export function onSignedAgain(memory: Memory, now: Delivering, answer: Answer): Step {
  const next = { at: 'delivering', answer, resends: now.resends } as const;
  return go(replaceAnswer(memory, now.answer, answer), next, { kind: 'deliver', answer });
}

/** The disk altered the delta since it was signed: its task is done again if it is still open. */
export function onSpoilt(memory: Memory, answer: Answer): Step {
  const line = note(
    'error',
    'stored delta damaged, dropped; is the disk failing?',
    fieldsOf(answer),
  );
  return deliverOrAsk(removeAnswer(memory, answer), line, { kind: 'drop', answer });
}

/** Every refusal of an answer, by name. */
export function onDeliveryRefused(memory: Memory, now: Delivering, refusal: string): Step {
  const { answer } = now;
  const fields = { ...fieldsOf(answer), refusal };
  switch (responseTo(refusal)) {
    case 'stop':
      return stopRefused(memory, refusal);
    case 'drop': {
      const line = note('warn', 'answer came too late to count, dropped', fields);
      // Counted, lest a coordinator that offers a task and refuses its answer have us train forever.
      const next = rememberFault(removeAnswer(memory, answer), answer.task, false);
      return deliverOrAsk(heard(next), line, { kind: 'drop', answer });
    }
    case 'give-up': {
      const line = note('error', 'answer refused as faulty; abstaining from its task', fields);
      const next = rememberFault(removeAnswer(memory, answer), answer.task, true);
      return deliverOrAsk(heard(next), line, { kind: 'drop', answer });
    }
    case 'set-aside':
      return deliverOrAsk(
        heard(setAside(memory, answer)),
        note('info', 'answer not wanted at present, kept', fields),
      );
    case 'collect-receipt':
      return resend(memory, now, { kind: 'collect-receipt', answer }, 'answer already accepted');
    case 'sign-again':
      return resend(memory, now, { kind: 'sign-again', answer }, 'signing the answer again');
    case 'warn':
    case 'resend':
      return resend(memory, now, { kind: 'deliver', answer }, 'bytes went astray, sending again');
  }
}

type Again = Extract<Effect, { kind: 'deliver' | 'collect-receipt' | 'sign-again' }>;

/** Tries once more, up to the bound; then keeps the answer and lets time pass. */
function resend(memory: Memory, now: Delivering, effect: Again, text: string): Step {
  const { answer, resends } = now;
  if (resends >= MAX_RESENDS) {
    const line = note(
      'error',
      'answer kept refusing to go through, kept for later',
      fieldsOf(answer),
    );
    return abstain(heard(setAside(memory, answer)), line);
  }
  const next = { at: 'delivering', answer, resends: resends + 1 } as const;
  return go(memory, next, note('info', text, fieldsOf(answer)), effect);
}

function fieldsOf({ job, round, statement }: Answer) {
  return { job, round, statement };
}

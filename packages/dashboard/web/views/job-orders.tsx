import type { JobDetails } from '../../src/page-contract.js';
import { say } from '../language.js';
import { post } from '../live/calls.js';
import { OrderButton } from '../parts/order-button.js';

/** What can be ordered of a job as it stands. */
export function JobOrders({ id, name, status }: JobDetails) {
  const isOver = status === 'completed' || status === 'aborted';
  if (isOver) return null;
  const give = (order: string) => () => post(`/api/jobs/${encodeURIComponent(id)}/${order}`);
  return (
    <p class="buttons">
      {status === 'running' ? (
        <OrderButton
          label={say('pause')}
          about={name}
          consequence={say('pauseDoes')}
          give={give('pause')}
        />
      ) : (
        <OrderButton
          label={say('resume')}
          about={name}
          consequence={say('resumeDoes')}
          give={give('resume')}
        />
      )}
      <OrderButton
        label={say('abort')}
        about={name}
        consequence={say('abortDoes')}
        give={give('abort')}
        look="grave"
      />
    </p>
  );
}

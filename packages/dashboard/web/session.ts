import { signal } from '@preact/signals';
import type { PageSelf } from '../src/page-contract.js';

/** Who looks; known once the server has said so. */
export const self = signal<PageSelf | null>(null);

export const mayOrder = () => self.value?.role === 'operator';

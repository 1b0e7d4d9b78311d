import { describe, expect, it } from 'vitest';
import { FederationServiceDefinition } from './generated/fedvox/v1/federation.js';
import { methodsOf } from './methods.js';

describe('closed-world egress', () => {
  it('has a kind for each method of the wire, and no method without one', () => {
    const { methods } = FederationServiceDefinition;
    expect(() =>
      methodsOf({
        ...FederationServiceDefinition,
        methods: { ...methods, gossip: methods.hello },
      }),
    ).toThrow(/gossip has no kind/);
  });
});

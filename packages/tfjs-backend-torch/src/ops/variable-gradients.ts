import {
  clone,
  engine,
  type NamedTensorMap,
  type Scalar,
  type Tensor,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';

/** The part of tfjs's tape that matters here; `engine().state` is its public way in. */
interface TapeNode {
  gradient?: (dys: Tensor[]) => Record<string, () => Tensor>;
  readonly saved: Tensor[];
}

/**
 * `tf.variableGrads`, which gives the same, in less memory: tfjs keeps all that the forward pass saved
 * and every gradient on the way until the backward pass has ended; this lets go of both as soon as the
 * operation they belong to is done. On any backend.
 * @throws Error as `tf.variableGrads` does, e.g. when the loss depends on no variable
 */
export function variableGradients(
  loss: () => Scalar,
  variables?: Variable[],
): { value: Scalar; grads: NamedTensorMap } {
  return variableGrads(() => {
    const value = loss();
    const { activeTape, gradientDepth } = engine().state;
    // Inside another gradient the outer one still needs what is on the tape.
    if (gradientDepth === 1) releaseAsTheyAreDone(activeTape as unknown as TapeNode[]);
    return value;
  }, variables);
}

/** tfjs walks the tape backwards and asks each node once: then those it asked before are done. */
function releaseAsTheyAreDone(tape: readonly TapeNode[]): void {
  let done: readonly Tensor[] = [];
  for (const node of tape) {
    const { gradient } = node;
    if (gradient === undefined) continue;
    node.gradient = (dys) => {
      for (const tensor of done) tensor.dispose();
      done = [...dys.filter((dy) => dy !== null), ...node.saved];
      return withoutAliases(gradient(dys), dys);
    };
  }
}

/** A gradient that hands dy itself on would lose it; a clone shares its memory, but not its life. */
function withoutAliases(
  gradients: Record<string, () => Tensor>,
  dys: readonly Tensor[],
): Record<string, () => Tensor> {
  const owned = Object.entries(gradients).map(([input, compute]) => {
    const computeOwned = () => {
      const dx = compute();
      return dys.includes(dx) ? clone(dx) : dx;
    };
    return [input, computeOwned] as const;
  });
  return Object.fromEntries(owned);
}

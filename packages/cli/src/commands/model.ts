import type { Command } from 'commander';
import type { Terminal } from '../terminal.js';
import { addModelCrossValidate } from './model-cross-validate.js';
import { addModelEvaluate } from './model-evaluate.js';
import { addModelPlan } from './model-plan.js';
import { addModelPredict } from './model-predict.js';
import { addModelTrain } from './model-train.js';

export function addModelCommands(program: Command, terminal: Terminal): void {
  const model = program
    .command('model')
    .description('train, evaluate and apply a model, without a federation');
  addModelPlan(model, terminal);
  addModelTrain(model, terminal);
  addModelCrossValidate(model, terminal);
  addModelEvaluate(model, terminal);
  addModelPredict(model, terminal);
}

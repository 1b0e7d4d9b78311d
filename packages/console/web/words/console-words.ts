import type {
  AgentLifeWord,
  EgressGapWord,
  EgressKindWord,
  LineStateWord,
  PlaceWord,
  ProgressWord,
  WeightSourceWord,
  WorkEndWord,
} from '../../src/console-contract.js';
import type { ApprovalWord } from './approval-words.js';

/** Every text of this page; one that is missing in a language does not compile. */
export type Word =
  | ApprovalWord
  | `life-${AgentLifeWord}`
  | `lifeHelp-${AgentLifeWord}`
  | `line-${LineStateWord}`
  | `place-${PlaceWord}`
  | `phase-${ProgressWord}`
  | `kind-${EgressKindWord}`
  | `kindHelp-${EgressKindWord}`
  | `gap-${EgressGapWord}`
  | `end-${WorkEndWord}`
  | `weight-${WeightSourceWord}`
  | 'accepted'
  | 'ago'
  | 'allScans'
  | 'atJob'
  | 'attempts'
  | 'bytes'
  | 'byDay'
  | 'byJob'
  | 'byKind'
  | 'case'
  | 'casesNote'
  | 'casesOf'
  | 'certificate'
  | 'classHere'
  | 'classTold'
  | 'classes'
  | 'close'
  | 'daysLeft'
  | 'data'
  | 'day'
  | 'declined'
  | 'delivered'
  | 'disk'
  | 'diskFree'
  | 'doing'
  | 'done'
  | 'end'
  | 'epochs'
  | 'firstOf'
  | 'headers'
  | 'job'
  | 'roundsOf'
  | 'scans'
  | 'figuresNote'
  | 'figuresTitle'
  | 'files'
  | 'gapAdvice'
  | 'gapsTitle'
  | 'gateLine'
  | 'heldAgainst'
  | 'jobs'
  | 'kind'
  | 'labels'
  | 'lastLook'
  | 'left'
  | 'leftTitle'
  | 'lineTo'
  | 'look'
  | 'lookHelp'
  | 'looking'
  | 'loss'
  | 'lossNote'
  | 'lossTitle'
  | 'measured'
  | 'messages'
  | 'modality'
  | 'network'
  | 'neverLooked'
  | 'noJobs'
  | 'noStatements'
  | 'notLive'
  | 'notServed'
  | 'notServedAdvice'
  | 'nothingLeft'
  | 'onlyHere'
  | 'otherFiles'
  | 'places'
  | 'picture'
  | 'pictureOf'
  | 'process'
  | 'readable'
  | 'refused'
  | 'review'
  | 'refusedScans'
  | 'refusedTitle'
  | 'round'
  | 'rounds'
  | 'saveBytes'
  | 'scan'
  | 'show'
  | 'since'
  | 'spacing'
  | 'statementDelta'
  | 'statementFigure'
  | 'statementNoDelta'
  | 'statementSays'
  | 'statementSteps'
  | 'statementWeight'
  | 'statementWithheld'
  | 'statements'
  | 'statementsNote'
  | 'statementsOf'
  | 'staysJobs'
  | 'staysLeft'
  | 'staysData'
  | 'staysTitle'
  | 'staysReview'
  | 'staysToday'
  | 'strategy'
  | 'terms'
  | 'today'
  | 'told'
  | 'unreadable'
  | 'usable'
  | 'usableScans'
  | 'verdict'
  | 'voxels'
  | 'waitsForReceipt'
  | 'weightTells'
  | 'whole'
  | 'withheldWhy'
  | 'work-evaluate'
  | 'work-train'
  | 'work-check-data'
  | 'workCut';

export type ConsoleWords = Readonly<Record<Word, string>>;

/** What can be said of the classes of cases as wholes: a part of this package's table. */
export const CASE_CLASS_ERRORS = {
  'no-class-list': {
    message: 'nothing says the classes of the cases in {path}',
    advice:
      'Name a list of them: `caseClasses: {file: classes.csv}` in the site’s `data`, or --case-classes FILE; or the DICOM attribute that says it.',
  },
  'class-list-unreadable': {
    message: 'cannot read the list of cases’ classes {path}: {reason}',
    advice: 'Check that the file exists and that this account may read it.',
  },
  'class-list-format': {
    message: '{path}, line {line}: {reason}',
    advice:
      'Write a CSV file whose first line is case,class or patient,class, and below it a line for each.',
  },
  'case-class-missing': {
    message: 'no line of {path} says the class of {what}',
    advice: 'Add a line for it; the list goes by {subject}.',
  },
  'case-class-conflict': {
    message: '{path} says more than one class of {what}: lines {lines}',
    advice: 'Keep the line that is true.',
  },
  'case-class-unknown': {
    message: '{path}, line {line}: the class is none of this job’s: {classes}',
    advice:
      'Write it as the job does, or map the site’s name for it with `labels` in the data set.',
  },
  'case-class-stray': {
    message: '{path} has lines of no case that is here: {lines}',
    advice: 'Nothing to do where those cases lie elsewhere. Else correct the names in these lines.',
  },
  'case-attribute-missing': {
    message: 'nothing says the class of {what}: {why}',
    advice: 'Take it from a list: `caseClasses: {file: classes.csv}`; or leave the scan out.',
  },
  'case-attribute-conflict': {
    message: 'the images of {what} differ in {attribute}, which says their class',
    advice: 'Take the class from a list: `caseClasses: {file: classes.csv}`.',
  },
  'case-value-unmapped': {
    message: 'what {attribute} of {what} says is not among `caseClasses.values`',
    advice:
      'Look at the header, and map what it says to a class of the job. Other cases are not used.',
  },
  'case-value-unknown': {
    message: '`caseClasses.values` makes {what} a class that is none of this job’s: {classes}',
    advice: 'Map the value to a class as the job writes it.',
  },
} as const;

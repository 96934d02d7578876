export * from './environment.js';
export { ProgramNotFound, ProgramNotStarted, findProgram } from './find-program.js';
export * from './program.js';
export { reapRecordedPrograms } from './program-records.js';
export * from './run-program.js';
export { ProgramNotStopped, startProgram } from './start-program.js';
export { canUsePidNamespace } from './wrap-program.js';

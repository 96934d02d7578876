// Read by Angular's bundler only, so without file endings and without a build of its own.
export * from './generated/index';
export * from './generated/functions';

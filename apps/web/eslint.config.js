import angular from 'angular-eslint';
import tseslint from 'typescript-eslint';
import root from '../../eslint.config.js';

/** The rules of the whole repository, with the type information of this project, and Angular's own on top. */
const shared = root
  .filter((part) => !part.ignores)
  .map((part) => (part.languageOptions?.parserOptions ? withOwnTypes(part) : part));

function withOwnTypes(part) {
  const parserOptions = {
    project: ['apps/web/tsconfig.spec.json'],
    tsconfigRootDir: `${import.meta.dirname}/../..`,
  };
  return { ...part, languageOptions: { ...part.languageOptions, parserOptions } };
}

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/generated/**', '**/test-output/**'] },
  ...shared,
  {
    files: ['apps/web/src/**/*.ts'],
    extends: [angular.configs.tsRecommended],
    processor: angular.processInlineTemplates,
    rules: {
      '@angular-eslint/component-class-suffix': 'off',
      '@angular-eslint/component-selector': [
        'error',
        { type: 'element', prefix: ['nh', 'app'], style: 'kebab-case' },
      ],
      '@angular-eslint/prefer-on-push-component-change-detection': 'off',
    },
  },
  {
    files: ['apps/web/src/**/*.html'],
    extends: [angular.configs.templateRecommended, angular.configs.templateAccessibility],
    rules: {},
  },
);

import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';
import { importTable } from './tools/checks/import-table.js';

const boundaries = Object.entries(importTable).map(([project, mayImport]) => ({
  sourceTag: `project:${project}`,
  onlyDependOnLibsWithTags: mayImport.map((target) => `project:${target}`),
}));

/** At most four parameters, and six dependencies of a class. */
const fewParameters = [
  ...[
    'FunctionDeclaration',
    "MethodDefinition[kind!='constructor'] > FunctionExpression",
    'ArrowFunctionExpression',
  ].map((kind) => ({
    selector: `${kind}[params.length>4]`,
    message: 'More than four parameters: look for the type inside.',
  })),
  {
    selector: "MethodDefinition[kind='constructor'] > FunctionExpression[params.length>6]",
    message: 'More than six dependencies: look for the second class inside.',
  },
];

const noShell = [
  {
    selector: "Property[key.name='shell'][value.value=true]",
    message: 'No shell anywhere: programs are started by libs/process with an argument array.',
  },
];

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '**/.nx/**',
      '**/.angular/**',
      '**/generated/**',
      'apps/web/**',
      '.nohands/**',
      '**/test-output/**',
    ],
  },
  { plugins: { '@nx': nx } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.base],
    languageOptions: {
      parserOptions: { project: ['tsconfig.spec.json'], tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          enforceBuildableLibDependency: false,
          checkDynamicDependenciesExceptions: ['.*'],
          allow: [],
          depConstraints: boundaries,
        },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-definitions': ['error', 'type'],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      'no-restricted-syntax': ['error', ...noShell, ...fewParameters],
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'libs/config is the one reader of process.env.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'node:child_process', message: 'libs/process is the one place that starts programs.' },
            { name: 'child_process', message: 'libs/process is the one place that starts programs.' },
          ],
        },
      ],
      'no-restricted-exports': ['error', { restrictDefaultExports: { direct: true, named: true } }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['libs/config/src/**/*.ts'],
    rules: { 'no-restricted-properties': 'off' },
  },
  {
    files: ['libs/process/src/**/*.ts'],
    rules: { 'no-restricted-imports': 'off' },
  },
  {
    files: [
      '**/*.spec.ts',
      '**/*.fixture.ts',
      '**/*-spec.ts',
      'tools/**/*.ts',
      'tools/**/*.mjs',
      'libs/testing/**/*.ts',
      'vitest.config.ts',
    ],
    rules: {
      'no-restricted-imports': 'off',
      'no-restricted-properties': 'off',
      'no-restricted-exports': 'off',
      'max-lines': 'off',
    },
  },
);

import type { MigrationInterface, QueryRunner } from 'typeorm';

export class RepositoryCredentials1764100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE repository_credentials (
         repository_id integer NOT NULL CONSTRAINT pk_repository_credentials PRIMARY KEY
           CONSTRAINT fk_repository_credentials_repository REFERENCES repositories ON DELETE CASCADE,
         origin text NOT NULL,
         key_id varchar(16) NOT NULL,
         nonce bytea NOT NULL,
         ciphertext bytea NOT NULL,
         updated_at timestamptz(3) NOT NULL DEFAULT now())`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE repository_credentials');
  }
}

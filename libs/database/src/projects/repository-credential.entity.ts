import { Column, Entity, JoinColumn, OneToOne, PrimaryColumn, type Relation } from 'typeorm';
import { createdTime, varchar } from '../schema-columns.js';
import { Repository } from './repository.entity.js';

/** User name and password of a repository as ciphertext; see `SecretCipher`. */
@Entity('repository_credentials')
export class RepositoryCredential {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'pk_repository_credentials' })
  repositoryId!: number;

  @OneToOne(() => Repository, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'repository_id', foreignKeyConstraintName: 'fk_repository_credentials_repository' })
  repository!: Relation<Repository>;

  @Column({ type: 'text' })
  origin!: string;

  @Column(varchar(16))
  keyId!: string;

  @Column({ type: 'bytea' })
  nonce!: Buffer;

  @Column({ type: 'bytea' })
  ciphertext!: Buffer;

  @Column(createdTime)
  updatedAt!: Date;
}

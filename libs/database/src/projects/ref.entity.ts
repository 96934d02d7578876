import {
  Check,
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  Unique,
  type Relation,
} from 'typeorm';
import { createdTime, identity, integer, varchar } from '../schema-columns.js';
import { Commit } from './commit.entity.js';
import { Repository } from './repository.entity.js';

@Entity('refs')
@Unique('uq_refs_name', ['repositoryId', 'kind', 'name'])
@Check('ck_refs_kind', `kind IN ('branch', 'tag')`)
@Index('ix_refs_commit', ['commitId'])
export class Ref {
  @PrimaryGeneratedColumn('identity', identity('pk_refs'))
  id!: number;

  @Column(integer)
  repositoryId!: number;

  @ManyToOne(() => Repository, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'repository_id', foreignKeyConstraintName: 'fk_refs_repository' })
  repository!: Relation<Repository>;

  @Column(varchar(8))
  kind!: 'branch' | 'tag';

  @Column(varchar(255))
  name!: string;

  @Column(integer)
  commitId!: number;

  @ManyToOne(() => Commit, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'commit_id', foreignKeyConstraintName: 'fk_refs_commit' })
  commit!: Relation<Commit>;

  /** Raised by a force-push: memberships of older generations are gone. */
  @Column({ type: 'integer', default: 1 })
  generation!: number;

  @Column(createdTime)
  lastUpdated!: Date;
}

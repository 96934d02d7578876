import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { integer } from '../schema-columns.js';
import { Commit } from './commit.entity.js';
import { Ref } from './ref.entity.js';

const key = { type: 'integer', primaryKeyConstraintName: 'pk_branch_commits' } as const;

@Entity('branch_commits')
@Index('ix_branch_commits_commit', ['commitId'])
export class BranchCommit {
  @PrimaryColumn(key)
  refId!: number;

  @ManyToOne(() => Ref, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'ref_id', foreignKeyConstraintName: 'fk_branch_commits_ref' })
  ref!: Relation<Ref>;

  @PrimaryColumn(key)
  generation!: number;

  /** Counted from the oldest commit, so that a push appends and moves nothing. */
  @PrimaryColumn(key)
  position!: number;

  @Column(integer)
  commitId!: number;

  @ManyToOne(() => Commit, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'commit_id', foreignKeyConstraintName: 'fk_branch_commits_commit' })
  commit!: Relation<Commit>;
}

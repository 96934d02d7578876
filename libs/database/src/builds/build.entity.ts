import type { BuildStatus } from '@nohands/domain';
import {
  Check,
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  type Relation,
} from 'typeorm';
import { User } from '../admin/user.entity.js';
import { Commit } from '../projects/commit.entity.js';
import { Repository } from '../projects/repository.entity.js';
import {
  bytes,
  createdTime,
  identity,
  integer,
  optionalInteger,
  optionalText,
  optionalTime,
  optionalVarchar,
  varchar,
} from '../schema-columns.js';

@Entity('builds')
@Check('ck_builds_status', `status IN ('pending', 'running', 'success', 'failed', 'cancelled')`)
@Check('ck_builds_cancel_reason', `cancel_reason IN ('requested', 'timeout', 'superseded')`)
@Index('ix_builds_repository', ['repositoryId', 'id'])
@Index('ix_builds_commit', ['commitId'])
@Index('ix_builds_open', ['status', 'priority', 'id'], { where: `status IN ('pending', 'running')` })
export class Build {
  @PrimaryGeneratedColumn('identity', identity('pk_builds'))
  id!: number;

  @Column(integer)
  repositoryId!: number;

  @ManyToOne(() => Repository, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'repository_id', foreignKeyConstraintName: 'fk_builds_repository' })
  repository!: Relation<Repository>;

  @Column(integer)
  commitId!: number;

  @ManyToOne(() => Commit, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'commit_id', foreignKeyConstraintName: 'fk_builds_commit' })
  commit!: Relation<Commit>;

  @Column(optionalInteger)
  requestedBy!: number | null;

  @ManyToOne(() => User, { nullable: true, onDelete: 'SET NULL' })
  @JoinColumn({ name: 'requested_by', foreignKeyConstraintName: 'fk_builds_requested_by' })
  requester!: Relation<User> | null;

  @Column(optionalText)
  ref!: string | null;

  @Column(optionalVarchar(255))
  branchName!: string | null;

  @Column(varchar(1024))
  dockerfilePath!: string;

  @Column({ type: 'boolean', default: false })
  pushToRegistry!: boolean;

  @Column({ type: 'boolean', default: false })
  deployAfterBuild!: boolean;

  @Column({ type: 'integer', default: 0 })
  priority!: number;

  @Column(integer)
  timeoutSeconds!: number;

  @Column({ ...varchar(16), default: 'pending' })
  status!: BuildStatus;

  @Column({ type: 'integer', default: 1 })
  revision!: number;

  @Column({ type: 'integer', default: 0 })
  attempt!: number;

  @Column(optionalTime)
  notBefore!: Date | null;

  @Column(optionalTime)
  cancelRequestedAt!: Date | null;

  @Column(optionalText)
  cancelRequestedBy!: string | null;

  @Column(optionalVarchar(16))
  cancelReason!: 'requested' | 'timeout' | 'superseded' | null;

  @Column({ type: 'boolean', nullable: true })
  stopConfirmed!: boolean | null;

  @Column(optionalText)
  imageTag!: string | null;

  @Column(optionalVarchar(80))
  imageDigest!: string | null;

  @Column(optionalText)
  imageReference!: string | null;

  @Column({ ...bytes, nullable: true })
  imageSize!: number | null;

  @Column(optionalVarchar(40))
  errorCode!: string | null;

  @Column(optionalText)
  errorMessage!: string | null;

  @Column(optionalText)
  errorDetail!: string | null;

  @Column(createdTime)
  createdAt!: Date;

  @Column(optionalTime)
  startedAt!: Date | null;

  @Column(optionalTime)
  completedAt!: Date | null;

  @Column(optionalInteger)
  logLines!: number | null;

  @Column(optionalVarchar(64))
  logSha256!: string | null;
}

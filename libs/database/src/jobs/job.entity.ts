import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import {
  createdTime,
  identity,
  optionalText,
  optionalTime,
  optionalVarchar,
  varchar,
} from '../schema-columns.js';

@Entity('jobs')
@Check('ck_jobs_status', `status IN ('pending', 'running', 'done', 'failed')`)
@Index('ix_jobs_open', ['kind', 'id'], { where: `status IN ('pending', 'running')` })
@Index('uq_jobs_pending', ['kind', 'subject'], { unique: true, where: `status = 'pending'` })
export class Job {
  @PrimaryGeneratedColumn('identity', identity('pk_jobs'))
  id!: number;

  @Column(varchar(40))
  kind!: string;

  @Column(varchar(200))
  subject!: string;

  @Column({ type: 'jsonb', default: {} })
  payload!: unknown;

  @Column({ ...varchar(16), default: 'pending' })
  status!: 'pending' | 'running' | 'done' | 'failed';

  @Column({ type: 'integer', default: 0 })
  attempt!: number;

  @Column(optionalVarchar(64))
  workerId!: string | null;

  @Column(optionalTime)
  leaseExpiresAt!: Date | null;

  @Column(optionalTime)
  notBefore!: Date | null;

  @Column({ type: 'jsonb', nullable: true })
  result!: unknown;

  @Column(optionalVarchar(40))
  errorCode!: string | null;

  @Column(optionalText)
  errorMessage!: string | null;

  @Column(createdTime)
  createdAt!: Date;

  @Column(optionalTime)
  completedAt!: Date | null;
}

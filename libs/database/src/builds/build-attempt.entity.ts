import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { createdTime, optionalTime, optionalVarchar, time, varchar } from '../schema-columns.js';
import { Build } from './build.entity.js';

const key = { type: 'integer', primaryKeyConstraintName: 'pk_build_attempts' } as const;

@Entity('build_attempts')
@Index('ix_build_attempts_open', ['leaseExpiresAt'], { where: 'ended_at IS NULL' })
export class BuildAttempt {
  @PrimaryColumn(key)
  buildId!: number;

  @ManyToOne(() => Build, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'build_id', foreignKeyConstraintName: 'fk_build_attempts_build' })
  build!: Relation<Build>;

  @PrimaryColumn(key)
  attempt!: number;

  @Column(varchar(64))
  workerId!: string;

  @Column(createdTime)
  claimedAt!: Date;

  @Column(createdTime)
  heartbeatAt!: Date;

  @Column(time)
  leaseExpiresAt!: Date;

  @Column(optionalVarchar(16))
  engine!: string | null;

  @Column(optionalTime)
  endedAt!: Date | null;

  @Column(optionalVarchar(16))
  outcome!: string | null;

  @Column(optionalVarchar(40))
  errorCode!: string | null;
}

import type { StepStatus } from '@nohands/domain';
import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { optionalInteger, optionalTime, time, varchar } from '../schema-columns.js';
import { Build } from './build.entity.js';

const key = { type: 'integer', primaryKeyConstraintName: 'pk_build_steps' } as const;

@Entity('build_steps')
@Check('ck_build_steps_status', `status IN ('running', 'success', 'failed', 'cancelled')`)
export class BuildStep {
  @PrimaryColumn(key)
  buildId!: number;

  @ManyToOne(() => Build, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'build_id', foreignKeyConstraintName: 'fk_build_steps_build' })
  build!: Relation<Build>;

  @PrimaryColumn(key)
  attempt!: number;

  @PrimaryColumn(key)
  number!: number;

  @Column({ type: 'text' })
  name!: string;

  @Column(varchar(16))
  status!: StepStatus;

  @Column({ type: 'boolean', default: false })
  cached!: boolean;

  @Column(time)
  startedAt!: Date;

  @Column(optionalTime)
  completedAt!: Date | null;

  @Column(optionalInteger)
  exitCode!: number | null;
}

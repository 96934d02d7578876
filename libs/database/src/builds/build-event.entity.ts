import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { integer, optionalVarchar, time, varchar } from '../schema-columns.js';
import { Build } from './build.entity.js';

const key = { type: 'integer', primaryKeyConstraintName: 'pk_build_events' } as const;

@Entity('build_events')
export class BuildEvent {
  @PrimaryColumn(key)
  buildId!: number;

  @ManyToOne(() => Build, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'build_id', foreignKeyConstraintName: 'fk_build_events_build' })
  build!: Relation<Build>;

  @PrimaryColumn(key)
  revision!: number;

  @Column(optionalVarchar(16))
  fromStatus!: string | null;

  @Column(varchar(16))
  toStatus!: string;

  @Column(integer)
  attempt!: number;

  @Column({ type: 'text' })
  actor!: string;

  @Column({ type: 'text' })
  reason!: string;

  // Not now(): several moves of one transaction keep their order in time.
  @Column({ ...time, default: () => 'clock_timestamp()' })
  createdAt!: Date;
}

import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { bytes } from '../schema-columns.js';
import { Build } from './build.entity.js';

@Entity('build_logs')
export class BuildLog {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'pk_build_logs' })
  buildId!: number;

  // One log per build is held by the primary key; a one-to-one would ask for a second unique constraint.
  @ManyToOne(() => Build, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'build_id', foreignKeyConstraintName: 'fk_build_logs_build' })
  build!: Relation<Build>;

  @Column({ type: 'integer', default: 0 })
  attempt!: number;

  @Column({ type: 'integer', default: 1 })
  nextLine!: number;

  @Column({ ...bytes, default: 0 })
  bytes!: number;
}

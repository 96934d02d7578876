import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { integer } from '../schema-columns.js';
import { Build } from './build.entity.js';

const key = { type: 'integer', primaryKeyConstraintName: 'pk_build_log_chunks' } as const;

@Entity('build_log_chunks')
export class BuildLogChunk {
  @PrimaryColumn(key)
  buildId!: number;

  @ManyToOne(() => Build, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'build_id', foreignKeyConstraintName: 'fk_build_log_chunks_build' })
  build!: Relation<Build>;

  @PrimaryColumn(key)
  firstLine!: number;

  @Column(integer)
  nextLine!: number;

  @Column(integer)
  attempt!: number;

  @Column({ type: 'jsonb' })
  runs!: unknown;

  @Column({ type: 'bytea' })
  text!: Buffer;
}

import {
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  Unique,
  type Relation,
} from 'typeorm';
import { bytes, createdTime, identity, integer, varchar } from '../schema-columns.js';
import { Build } from './build.entity.js';

@Entity('images')
@Unique('uq_images_build', ['buildId'])
@Index('ix_images_digest', ['digest'])
export class Image {
  @PrimaryGeneratedColumn('identity', identity('pk_images'))
  id!: number;

  @Column(integer)
  buildId!: number;

  @ManyToOne(() => Build, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'build_id', foreignKeyConstraintName: 'fk_images_build' })
  build!: Relation<Build>;

  @Column(varchar(80))
  digest!: string;

  @Column(varchar(120))
  mediaType!: string;

  @Column(bytes)
  size!: number;

  @Column(createdTime)
  createdAt!: Date;
}

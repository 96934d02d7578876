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
import { identity, integer, time, varchar } from '../schema-columns.js';
import { Repository } from './repository.entity.js';

@Entity('commits')
@Unique('uq_commits_repository_sha', ['repositoryId', 'sha'])
@Index('ix_commits_repository_time', ['repositoryId', 'committedAt', 'id'])
@Index('ix_commits_time', ['committedAt', 'id'])
export class Commit {
  @PrimaryGeneratedColumn('identity', identity('pk_commits'))
  id!: number;

  @Column(integer)
  repositoryId!: number;

  @ManyToOne(() => Repository, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'repository_id', foreignKeyConstraintName: 'fk_commits_repository' })
  repository!: Relation<Repository>;

  @Column(varchar(40))
  sha!: string;

  @Column({ type: 'text' })
  message!: string;

  @Column({ type: 'text' })
  author!: string;

  @Column({ type: 'text' })
  authorEmail!: string;

  @Column(time)
  committedAt!: Date;

  @Column({ type: 'text', array: true, default: '{}' })
  parents!: string[];
}

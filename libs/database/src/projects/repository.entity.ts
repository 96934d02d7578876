import {
  Check,
  Column,
  Entity,
  Index,
  JoinColumn,
  ManyToOne,
  PrimaryGeneratedColumn,
  Unique,
  type Relation,
} from 'typeorm';
import { User } from '../admin/user.entity.js';
import {
  createdTime,
  identity,
  optionalInteger,
  optionalText,
  optionalTime,
  optionalVarchar,
  varchar,
} from '../schema-columns.js';

@Entity('repositories')
@Unique('uq_repositories_name', ['name'])
@Unique('uq_repositories_image_name', ['imageName'])
@Check('ck_repositories_refresh_status', `refresh_status IN ('idle', 'running', 'failed')`)
@Index('ix_repositories_owner', ['ownerId'])
export class Repository {
  @PrimaryGeneratedColumn('identity', identity('pk_repositories'))
  id!: number;

  @Column(optionalInteger)
  ownerId!: number | null;

  @ManyToOne(() => User, { nullable: true, onDelete: 'SET NULL' })
  @JoinColumn({ name: 'owner_id', foreignKeyConstraintName: 'fk_repositories_owner' })
  owner!: Relation<User> | null;

  @Column(varchar(100))
  name!: string;

  @Column({ type: 'text' })
  url!: string;

  @Column({ type: 'text', default: '' })
  description!: string;

  @Column(optionalVarchar(255))
  defaultBranch!: string | null;

  @Column({ ...varchar(1024), default: 'Dockerfile' })
  dockerfilePath!: string;

  @Column(varchar(255))
  imageName!: string;

  @Column({ type: 'boolean', default: true })
  isActive!: boolean;

  @Column({ type: 'boolean', default: false })
  isSample!: boolean;

  @Column({ ...varchar(16), default: 'idle' })
  refreshStatus!: 'idle' | 'running' | 'failed';

  @Column(optionalTime)
  refreshedAt!: Date | null;

  @Column(optionalText)
  refreshError!: string | null;

  @Column(optionalVarchar(40))
  refreshErrorCode!: string | null;

  @Column({ type: 'integer', default: 1 })
  revision!: number;

  @Column(createdTime)
  createdAt!: Date;
}

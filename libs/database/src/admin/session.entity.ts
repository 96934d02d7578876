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
import { createdTime, identity, integer, optionalVarchar, time } from '../schema-columns.js';
import { User } from './user.entity.js';

@Entity('sessions')
@Unique('uq_sessions_token_hash', ['tokenHash'])
@Index('ix_sessions_user', ['userId'])
export class Session {
  @PrimaryGeneratedColumn('identity', identity('pk_sessions'))
  id!: number;

  @Column(integer)
  userId!: number;

  @ManyToOne(() => User, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'fk_sessions_user' })
  user!: Relation<User>;

  @Column({ type: 'bytea' })
  tokenHash!: Buffer;

  @Column(optionalVarchar(300))
  userAgent!: string | null;

  @Column(createdTime)
  createdAt!: Date;

  @Column(createdTime)
  lastUsedAt!: Date;

  @Column(time)
  expiresAt!: Date;
}

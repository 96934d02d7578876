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
import { createdTime, identity, integer, optionalTime, varchar } from '../schema-columns.js';
import { User } from './user.entity.js';

@Entity('api_tokens')
@Unique('uq_api_tokens_token_hash', ['tokenHash'])
@Index('ix_api_tokens_user', ['userId'])
export class ApiToken {
  @PrimaryGeneratedColumn('identity', identity('pk_api_tokens'))
  id!: number;

  @Column(integer)
  userId!: number;

  @ManyToOne(() => User, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'fk_api_tokens_user' })
  user!: Relation<User>;

  @Column(varchar(120))
  name!: string;

  @Column({ type: 'bytea' })
  tokenHash!: Buffer;

  @Column(varchar(16))
  prefix!: string;

  @Column(createdTime)
  createdAt!: Date;

  @Column(optionalTime)
  lastUsedAt!: Date | null;

  @Column(optionalTime)
  expiresAt!: Date | null;
}

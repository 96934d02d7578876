import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { User } from '../admin/user.entity.js';
import { createdTime, integer, varchar } from '../schema-columns.js';
import { Build } from './build.entity.js';

const keyName = { primaryKeyConstraintName: 'pk_idempotency_keys' } as const;

@Entity('idempotency_keys')
export class IdempotencyKey {
  @PrimaryColumn({ type: 'integer', ...keyName })
  userId!: number;

  @ManyToOne(() => User, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'fk_idempotency_keys_user' })
  user!: Relation<User>;

  @PrimaryColumn({ type: 'varchar', length: 200, ...keyName })
  key!: string;

  @Column(varchar(64))
  requestSha256!: string;

  @Column(integer)
  buildId!: number;

  @ManyToOne(() => Build, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'build_id', foreignKeyConstraintName: 'fk_idempotency_keys_build' })
  build!: Relation<Build>;

  @Column(createdTime)
  createdAt!: Date;
}

import type { RepositoryRole } from '@nohands/domain';
import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { User } from '../admin/user.entity.js';
import { varchar } from '../schema-columns.js';
import { Repository } from './repository.entity.js';

const key = { type: 'integer', primaryKeyConstraintName: 'pk_repository_members' } as const;

@Entity('repository_members')
@Check('ck_repository_members_role', `role IN ('viewer', 'developer', 'owner')`)
@Index('ix_repository_members_user', ['userId'])
export class RepositoryMember {
  @PrimaryColumn(key)
  repositoryId!: number;

  @ManyToOne(() => Repository, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'repository_id', foreignKeyConstraintName: 'fk_repository_members_repository' })
  repository!: Relation<Repository>;

  @PrimaryColumn(key)
  userId!: number;

  @ManyToOne(() => User, { nullable: false, onDelete: 'CASCADE' })
  @JoinColumn({ name: 'user_id', foreignKeyConstraintName: 'fk_repository_members_user' })
  user!: Relation<User>;

  @Column(varchar(16))
  role!: RepositoryRole;
}

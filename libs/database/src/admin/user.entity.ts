import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { createdTime, identity, optionalText, optionalTime, varchar } from '../schema-columns.js';

@Entity('users')
@Unique('uq_users_email', ['email'])
export class User {
  @PrimaryGeneratedColumn('identity', identity('pk_users'))
  id!: number;

  @Column(varchar(254))
  email!: string;

  @Column(varchar(120))
  name!: string;

  @Column(optionalText)
  passwordHash!: string | null;

  @Column({ type: 'boolean', default: false })
  isAdmin!: boolean;

  @Column(createdTime)
  createdAt!: Date;

  @Column(optionalTime)
  disabledAt!: Date | null;
}

import { Column, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';
import { createdTime, identity, optionalTime, time } from '../schema-columns.js';

@Entity('setup_links')
@Unique('uq_setup_links_token_hash', ['tokenHash'])
export class SetupLink {
  @PrimaryGeneratedColumn('identity', identity('pk_setup_links'))
  id!: number;

  @Column({ type: 'bytea' })
  tokenHash!: Buffer;

  @Column(createdTime)
  createdAt!: Date;

  @Column(time)
  expiresAt!: Date;

  @Column(optionalTime)
  usedAt!: Date | null;
}

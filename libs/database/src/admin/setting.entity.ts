import { Column, Entity, PrimaryColumn } from 'typeorm';
import { createdTime } from '../schema-columns.js';

@Entity('settings')
export class Setting {
  @PrimaryColumn({ type: 'varchar', length: 80, primaryKeyConstraintName: 'pk_settings' })
  key!: string;

  @Column({ type: 'jsonb' })
  value!: unknown;

  @Column(createdTime)
  updatedAt!: Date;
}

import { Column, Entity, PrimaryColumn } from 'typeorm';
import {
  createdTime,
  integer,
  optionalText,
  optionalTime,
  optionalVarchar,
  varchar,
} from '../schema-columns.js';

@Entity('workers')
export class Worker {
  @PrimaryColumn({ type: 'varchar', length: 64, primaryKeyConstraintName: 'pk_workers' })
  id!: string;

  @Column(varchar(255))
  host!: string;

  @Column(integer)
  pid!: number;

  @Column(varchar(40))
  version!: string;

  @Column(integer)
  slots!: number;

  @Column(optionalVarchar(16))
  engineName!: string | null;

  @Column(optionalVarchar(80))
  engineVersion!: string | null;

  @Column({ type: 'boolean', default: false })
  engineReady!: boolean;

  @Column(optionalText)
  engineReason!: string | null;

  @Column({ type: 'text', array: true, default: '{}' })
  engineWarnings!: string[];

  @Column(createdTime)
  startedAt!: Date;

  @Column(createdTime)
  heartbeatAt!: Date;

  @Column(optionalTime)
  stoppedAt!: Date | null;
}

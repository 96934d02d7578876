import { Check, Column, Entity, PrimaryColumn } from 'typeorm';
import { createdTime, optionalTime } from '../schema-columns.js';

@Entity('sweeps')
@Check('ck_sweeps_single', 'id = 1')
export class Sweep {
  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'pk_sweeps' })
  id!: number;

  @Column(createdTime)
  lookedAt!: Date;

  @Column(optionalTime)
  patientUntil!: Date | null;
}

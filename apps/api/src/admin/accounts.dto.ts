import { Answers, Takes } from '../http/fields.js';

const password = { min: 8, max: 200 } as const;
const email = { min: 3, max: 254 } as const;

export class LoginDto {
  @Takes.text({ ...email, min: 1 })
  email!: string;

  @Takes.text({ max: 200 })
  password!: string;
}

export class MeDto {
  @Answers.whole()
  id!: number;

  @Answers.text()
  email!: string;

  @Answers.text()
  name!: string;

  @Answers.flag()
  is_admin!: boolean;

  @Answers.text({
    nullable: true,
    description: 'Where images are pushed; null when no registry is configured',
  })
  registry!: string | null;

  @Answers.flag({ description: 'True when folders of the worker may be repository addresses' })
  local_repositories_allowed!: boolean;
}

export class SetupStateDto {
  @Answers.flag({ description: 'True while there is no administrator' })
  needed!: boolean;
}

export class CompleteSetupDto {
  @Takes.text({ max: 200, description: 'From the set-up link' })
  token!: string;

  @Takes.text(email)
  email!: string;

  @Takes.text({ max: 120 })
  name!: string;

  @Takes.text(password)
  password!: string;
}

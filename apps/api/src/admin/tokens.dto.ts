import { Answers, Takes } from '../http/fields.js';
import { PageDto } from '../http/page.dto.js';

export class TokenDto {
  @Answers.whole()
  id!: number;

  @Answers.text()
  name!: string;

  @Answers.text({ description: 'The first characters, to tell tokens apart' })
  prefix!: string;

  @Answers.time()
  created_at!: string;

  @Answers.time({ nullable: true })
  last_used_at!: string | null;

  @Answers.time({ nullable: true })
  expires_at!: string | null;
}

export class TokenPageDto extends PageDto {
  @Answers.list(TokenDto)
  results!: TokenDto[];
}

export class CreateTokenDto {
  @Takes.text({ max: 120 })
  name!: string;

  @Takes.whole({
    optional: true,
    nullable: true,
    max: 3650,
    description: 'Days until it ends; never, without it',
  })
  expires_in_days?: number | null;
}

export class CreatedTokenDto extends TokenDto {
  @Answers.text({ description: 'The token itself: shown once, never stored' })
  token!: string;
}

export class UserTokenDto extends TokenDto {
  @Answers.whole()
  user_id!: number;

  @Answers.text()
  user_email!: string;
}

export class UserTokenPageDto extends PageDto {
  @Answers.list(UserTokenDto)
  results!: UserTokenDto[];
}
